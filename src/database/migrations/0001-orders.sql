-- Orders, their items, the ledger of spent idempotency keys, and secrets that all processes share.

create table orders (
  order_id uuid primary key,
  customer_id text not null,
  state text not null,
  currency text not null,
  total_units bigint not null,
  total_nanos int not null,
  note text not null,
  labels jsonb not null,
  created_at timestamptz(3) not null,
  updated_at timestamptz(3) not null,
  record_id bytea not null,
  constraint orders_customer_id_check check (char_length(customer_id) between 1 and 64),
  constraint orders_state_check check (state in ('PENDING', 'PROCESSING', 'CONFIRMED', 'REJECTED', 'CANCELLED')),
  constraint orders_currency_check check (currency ~ '^[A-Z]{3}$'),
  constraint orders_total_units_check check (total_units >= 0 and total_units < 1000000000000000),
  constraint orders_total_nanos_check check (total_nanos >= 0 and total_nanos < 1000000000),
  constraint orders_note_check check (char_length(note) <= 1000),
  constraint orders_labels_check check (jsonb_typeof(labels) = 'object'),
  constraint orders_updated_at_check check (updated_at >= created_at),
  constraint orders_record_id_check check (octet_length(record_id) = 32)
);
create index orders_customer_id_order_id_index on orders (customer_id, order_id);

create table order_items (
  order_id uuid not null,
  position smallint not null,
  sku text not null,
  quantity int not null,
  price_units bigint not null,
  price_nanos int not null,
  primary key (order_id, position),
  constraint order_items_order_id_foreign foreign key (order_id) references orders (order_id) on delete cascade,
  constraint order_items_position_check check (position >= 0 and position < 100),
  constraint order_items_sku_check check (char_length(sku) between 1 and 64),
  constraint order_items_quantity_check check (quantity between 1 and 1000000),
  constraint order_items_price_units_check check (price_units >= 0 and price_units < 1000000000000000),
  constraint order_items_price_nanos_check check (price_nanos >= 0 and price_nanos < 1000000000)
);

create table idempotency_keys (
  id bytea primary key,
  principal text not null,
  method text not null,
  key text not null,
  fingerprint bytea not null,
  fingerprint_version smallint not null,
  state text not null,
  stored_form smallint not null,
  response bytea,
  status_code smallint,
  status_message text,
  status_details bytea,
  created_at timestamptz(3) not null,
  expires_at timestamptz(3) not null,
  constraint idempotency_keys_id_check check (octet_length(id) = 32),
  constraint idempotency_keys_fingerprint_check check (octet_length(fingerprint) = 32),
  constraint idempotency_keys_state_check check (state in ('COMPLETED', 'FAILED')),
  constraint idempotency_keys_outcome_check check (
    case state
      when 'COMPLETED' then response is not null and status_code is null and status_message is null and status_details is null
      else response is null and status_code is not null and status_code between 1 and 16 and status_message is not null and status_details is not null
    end),
  constraint idempotency_keys_expires_at_check check (expires_at > created_at)
);

create table service_secrets (
  name text primary key,
  secret bytea not null,
  constraint service_secrets_secret_check check (octet_length(secret) >= 32)
);

-- Two random UUIDs have 244 random bits, from PostgreSQL's strong generator.
insert into service_secrets (name, secret)
values ('page_token', uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()));
