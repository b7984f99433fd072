-- The life of an order: its events, the steps of its processing, the workers, and what became of jobs that failed for good.

alter table orders
  add column sequence int not null default 1,
  add column state_reason text not null default '';
alter table orders
  alter column sequence drop default,
  alter column state_reason drop default,
  add constraint orders_sequence_check check (sequence >= 1),
  add constraint orders_state_reason_check check (char_length(state_reason) <= 500);

-- Orders that are not final are few, and looked for by whoever asks what is stuck.
create index orders_unfinished_index on orders (order_id) where state in ('PENDING', 'PROCESSING');

create table order_events (
  order_id uuid not null,
  sequence int not null,
  previous_state text,
  state text not null,
  reason text not null,
  occurred_at timestamptz(3) not null,
  -- In the order in which the relay has seen them: without gaps, also where transactions commit out of order. Null until then.
  number bigint,
  primary key (order_id, sequence),
  constraint order_events_order_id_foreign foreign key (order_id) references orders (order_id) on delete cascade,
  constraint order_events_sequence_check check (sequence >= 1 and (sequence = 1) = (previous_state is null)),
  constraint order_events_transition_check check (
    coalesce(previous_state, '') || '>' || state in (
      '>PENDING', 'PENDING>PROCESSING', 'PROCESSING>CONFIRMED', 'PROCESSING>REJECTED', 'PENDING>CANCELLED', 'PROCESSING>CANCELLED')),
  constraint order_events_reason_check check (char_length(reason) <= 500)
);
create unique index order_events_number_index on order_events (number);
create index order_events_unnumbered_index on order_events (occurred_at, order_id, sequence) where number is null;
-- Each event is written once and numbered once: without an early vacuum the small index above would fill with the dead.
alter table order_events set (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_insert_scale_factor = 0.05);

insert into order_events (order_id, sequence, previous_state, state, reason, occurred_at)
select order_id, 1, null, state, '', created_at from orders order by order_id;

-- One row: how far the relay has come with numbering and with publishing.
create table event_relay (
  id smallint primary key,
  last_number bigint not null,
  published_number bigint not null,
  published_at timestamptz(3),
  constraint event_relay_id_check check (id = 1),
  constraint event_relay_published_number_check check (published_number <= last_number)
);
insert into event_relay (id, last_number, published_number) values (1, 0, 0);

create table order_steps (
  order_id uuid not null,
  step text not null,
  position smallint not null,
  state text not null,
  primary key (order_id, step),
  constraint order_steps_order_id_foreign foreign key (order_id) references orders (order_id) on delete cascade,
  constraint order_steps_step_check check (step ~ '^[a-z][a-z0-9-]{0,62}$'),
  constraint order_steps_state_check check (state in ('BEGUN', 'DONE', 'REFUSED', 'UNDONE'))
);

create table dead_letters (
  order_id uuid primary key,
  sequence int not null,
  step text,
  failures int not null,
  last_error text not null,
  failed_at timestamptz(3) not null,
  constraint dead_letters_order_id_foreign foreign key (order_id) references orders (order_id) on delete cascade
);

create table workers (
  worker_id text primary key,
  host text not null,
  process_id int not null,
  started_at timestamptz(3) not null,
  heartbeat_at timestamptz(3) not null
);

-- The clean-up begins with what has expired first.
create index idempotency_keys_expires_at_index on idempotency_keys (expires_at);
-- 500,000 dead rows of ten million, and no more, wait for a vacuum.
alter table idempotency_keys set (autovacuum_vacuum_scale_factor = 0.05);

-- Lets the job of an order run at once if it waits for its time; one that runs is left alone. As a function, it sees what was committed
-- while the statement that calls it has waited for a lock.
create function hasten_order(hastened uuid) returns bigint language sql volatile as $$
  select count(*) from graphile_worker.reschedule_jobs(
    array(select id from graphile_worker.jobs where key = 'order:' || hastened and locked_at is null and attempts < max_attempts),
    run_at => now())
$$;

-- The queue notes the name of a task with its first job, and whoever adds another one meanwhile waits for that commit: the names
-- are noted here, by jobs that nobody ever sees.
select graphile_worker.complete_jobs(array[
  (graphile_worker.add_job('process_order')).id, (graphile_worker.add_job('clean_up', queue_name => 'clean_up')).id]);
