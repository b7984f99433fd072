import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Database } from '../../../src/database/database.ts';
import { remainsIn } from '../../../src/database/remains.ts';
import { cleanUp } from '../../../src/fulfilment/clean-up.ts';
import { testConfig } from '../../support/test-config.ts';
import { startTestWorker } from '../../support/test-worker.ts';
import { until } from '../faults/until.ts';
import { openStage, type Stage } from './stage.ts';

const HOUR_MS = 3_600_000;
const open = new AbortController().signal;

let stage: Stage;
let database: Database;

beforeAll(async () => {
  stage = await openStage();
  database = await openDatabase(stage);
}, 60_000);

afterAll(async () => {
  await database.close();
  await stage.close();
}, 60_000);

async function openDatabase({ stores }: Stage): Promise<Database> {
  const opened = new Database({ ...testConfig(stores).database, onChange: () => {} });
  await opened.start();
  return opened;
}

function run(batchRows: number, changes: { readonly runLimitMs?: number } = {}) {
  const remains = remainsIn(database, { memoryMs: HOUR_MS, eventRetentionMs: HOUR_MS });
  return cleanUp({ remains, batchRows, pauseMs: 0, runLimitMs: 60_000, ...changes }, open);
}

/** Adds ledger entries that have expired so long ago; a negative age is a life that is still to come. */
async function addEntries(name: string, count: number, expiredForMs: number, { audit } = stage): Promise<void> {
  await audit.run(
    `insert into idempotency_keys (
      id, principal, method, key, fingerprint, fingerprint_version, state, stored_form, response, created_at, expires_at)
    select sha256(($1::text || n)::bytea), 'anonymous', '/a/B', $1::text || n, sha256(''), 1, 'COMPLETED', 1, '',
      now() - interval '30 days', now() - $3 * interval '1 millisecond'
    from generate_series(1, $2) as n`,
    [name, count, expiredForMs],
  );
}

async function entriesLeft(): Promise<Record<string, number>> {
  const rows = await stage.audit.run(
    `select rtrim(key, '0123456789') as name, count(*)::int as count from idempotency_keys group by 1`,
  );
  return Object.fromEntries(rows.map(({ name, count }) => [String(name), Number(count)]));
}

/** An order with its events at some age. @param published whether these are in the stream */
async function addOrder(name: string, state: string, ageMs: number, published: boolean): Promise<void> {
  await stage.audit.run(
    `with placed as (
      insert into orders (
        order_id, customer_id, state, state_reason, sequence, currency, total_units, total_nanos, note, labels, created_at, updated_at, record_id)
      select gen_random_uuid(), $1::text, $2::text, '', 3, 'EUR', 1, 0, '', '{}', at, at, sha256($1::text::bytea)
      from (select now() - $3 * interval '1 millisecond' as at) as time returning order_id, created_at),
    steps as (insert into order_steps (order_id, step, position, state) select order_id, 'charge', 1, 'DONE' from placed),
    numbers as (select coalesce(max(number), 0) as last from order_events)
    insert into order_events (order_id, sequence, previous_state, state, reason, occurred_at, number)
    select order_id, sequence, previous_state, state, '', created_at, case when $4::boolean then last + sequence end
    from placed, numbers, (values (1, null, 'PENDING'), (2, 'PENDING', 'PROCESSING')) as change (sequence, previous_state, state)`,
    [name, state, ageMs, published],
  );
}

async function eventsLeft(): Promise<Record<string, string>> {
  const rows = await stage.audit.run(
    `select customer_id, (select count(*) from order_events where order_id = orders.order_id) || ' events, ' ||
      (select count(*) from order_steps where order_id = orders.order_id) || ' steps' as words from orders`,
  );
  return Object.fromEntries(rows.map(({ customer_id, words }) => [String(customer_id), String(words)]));
}

test('entries that are no longer remembered go, oldest first, in batches; those that are remembered or alive stay', async () => {
  await addEntries('old', 25, 2 * HOUR_MS);
  await addEntries('oldest', 10, 3 * HOUR_MS);
  await addEntries('remembered', 5, HOUR_MS / 2);
  await addEntries('live', 5, -HOUR_MS);
  expect(await run(10, { runLimitMs: 0 })).toMatchObject({ ledgerEntries: 10 });
  expect(await entriesLeft()).toEqual({ old: 25, remembered: 5, live: 5 });
  expect(await run(10)).toMatchObject({ ledgerEntries: 25 });
  expect(await entriesLeft()).toEqual({ remembered: 5, live: 5 });
  expect(await run(10)).toMatchObject({ ledgerEntries: 0 });
});

test('an entry that somebody else holds is left to the next time, and holds nobody up', async () => {
  await addEntries('held', 1, 2 * HOUR_MS);
  await addEntries('free', 3, 2 * HOUR_MS);
  await stage.audit.run('begin');
  await stage.audit.run(`select from idempotency_keys where key = 'held1' for update`);
  expect(await run(10)).toMatchObject({ ledgerEntries: 3 });
  await stage.audit.run('rollback');
  expect(await run(10)).toMatchObject({ ledgerEntries: 1 });
});

test('a batch that is as large as allowed and full of equal times does not end the run', async () => {
  await addEntries('same', 30, 2 * HOUR_MS);
  expect(await run(7)).toMatchObject({ ledgerEntries: 30 });
});

test('events and steps go when the order is final, long enough ago, and they were published', async () => {
  await addOrder('gone', 'CONFIRMED', 2 * HOUR_MS, true);
  await addOrder('young', 'CONFIRMED', HOUR_MS / 2, true);
  await addOrder('unfinished', 'PROCESSING', 2 * HOUR_MS, true);
  await addOrder('set-aside', 'CANCELLED', 2 * HOUR_MS, true);
  await stage.audit.run(
    `insert into dead_letters (order_id, sequence, failures, last_error, failed_at)
    select order_id, 2, 1, 'why', now() from orders where customer_id = 'set-aside'`,
  );
  await stage.audit.run(
    `update event_relay set last_number = (select max(number) from order_events), published_number = (select max(number) from order_events), published_at = now()`,
  );
  await addOrder('unpublished', 'CONFIRMED', 2 * HOUR_MS, true);
  await stage.audit.run('update event_relay set last_number = (select max(number) from order_events)');
  await addOrder('unnumbered', 'CONFIRMED', 2 * HOUR_MS, false);
  expect(await run(10)).toMatchObject({ events: 2 });
  expect(await eventsLeft()).toEqual({
    gone: '0 events, 0 steps',
    young: '2 events, 1 steps',
    unfinished: '2 events, 1 steps',
    'set-aside': '2 events, 1 steps',
    unpublished: '2 events, 1 steps',
    unnumbered: '2 events, 1 steps',
  });
});

test('where there is no stream, events that are numbered go without being published', async () => {
  await stage.audit.run('update event_relay set published_number = 0, published_at = null');
  expect(await run(10)).toMatchObject({ events: 2 });
  expect(await eventsLeft()).toMatchObject({ unpublished: '0 events, 0 steps', unnumbered: '2 events, 1 steps' });
});

test('several workers: the clean-up is one job for all of them, and one runs it at a time', async () => {
  await addEntries('expired', 40, 8 * 24 * HOUR_MS);
  const settings = { FULFILMENT_ENABLED: 'true', CLEAN_UP_BATCH_ROWS: '1', CLEAN_UP_PAUSE_MS: '20' };
  await using one = await startTestWorker({ ...stage.stores, settings });
  await using other = await startTestWorker({ ...stage.stores, settings });
  const enqueue = (key: string) =>
    stage.audit.run(`select graphile_worker.add_job('clean_up', queue_name => 'clean_up', job_key => $1)`, [key]);
  await Promise.all(['a', 'b', 'c'].map(enqueue));
  let most = 0;
  await until('all runs are over, and nothing is left', async () => {
    const jobs = await stage.audit.run(`select locked_at from graphile_worker.jobs where task_identifier = 'clean_up'`);
    most = Math.max(most, jobs.filter(({ locked_at }) => locked_at !== null).length);
    return jobs.length === 0 && (await entriesLeft())['expired'] === undefined;
  });
  expect(most).toBe(1);
  // Whatever process sees a minute begin, its job has the same name as that of all others.
  expect(await stage.audit.run('select identifier from graphile_worker._private_known_crontabs')).toEqual([
    { identifier: 'clean_up' },
  ]);
  expect([one, other].some(({ log }) => log.some(({ msg }) => msg === 'cleaned up'))).toBe(true);
});

test('a clean-up that a process with a wrong clock has put off for a year is done all the same', async () => {
  await addEntries('put-off', 3, 8 * 24 * HOUR_MS);
  await stage.audit.run(
    `insert into graphile_worker._private_known_crontabs (identifier, known_since, last_execution)
     values ('clean_up', now(), now() + interval '1 year')
     on conflict (identifier) do update set last_execution = excluded.last_execution`,
  );
  await stage.audit.run(
    `select graphile_worker.add_job('clean_up', queue_name => 'clean_up', job_key => 'clean_up', run_at => now() + interval '1 year')`,
  );
  await using worker = await startTestWorker({ ...stage.stores, settings: { FULFILMENT_ENABLED: 'true' } });
  await until('what is over is gone', async () => (await entriesLeft())['put-off'] === undefined);
  expect(worker.hasSaid('the clean-up was put off')).toBe(true);
  const ahead = `select from graphile_worker._private_known_crontabs where last_execution > now() + interval '2 minutes'`;
  expect(await stage.audit.run(ahead)).toEqual([]);
});

test('a batch finds its rows in a large table by the index, without reading the others', async () => {
  // A database in which nobody else scans anything.
  await using large = await openStage();
  await large.service.stop();
  await addEntries('many', 100_000, -HOUR_MS, large);
  await addEntries('few', 500, 2 * HOUR_MS, large);
  await large.audit.run('vacuum analyze idempotency_keys');
  const before = await scansIn(large);
  const own = await openDatabase(large);
  const [ledger] = remainsIn(own, { memoryMs: HOUR_MS, eventRetentionMs: HOUR_MS });
  const deleteSome = ledger?.begin();
  expect(await deleteSome?.(100)).toMatchObject({ rows: 100 });
  expect(await deleteSome?.(100)).toMatchObject({ rows: 100 });
  // A session tells of its scans when it ends.
  await own.close();
  await until('the scans are counted', async () => (await scansIn(large)).byIndex > before.byIndex);
  expect(await scansIn(large)).toEqual({ ofAll: before.ofAll, byIndex: before.byIndex + 2 });
});

async function scansIn({ audit }: Stage): Promise<{ readonly ofAll: number; readonly byIndex: number }> {
  await audit.run('select pg_stat_force_next_flush()');
  const [row] = await audit.run(
    `select tables.seq_scan, indexes.idx_scan
    from pg_stat_user_tables as tables join pg_stat_user_indexes as indexes using (relid)
    where indexrelname = 'idempotency_keys_expires_at_index'`,
  );
  return { ofAll: Number(row?.['seq_scan']), byIndex: Number(row?.['idx_scan']) };
}
