import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { inWords, orderOf } from '../../integration/faults/named-orders.ts';
import { connectTo } from '../../integration/faults/query-database.ts';
import { until } from '../../integration/faults/until.ts';
import { type OpenStores, openStores } from '../../integration/orders/stores.ts';
import { createOrder } from '../../support/order-requests.ts';
import { type ServiceProcess, startServiceProcess } from '../../support/service-process.ts';

// O3: Jagadeeshftw/grainlify#1797, tiana-code/fincore-engine#146. One statement deleted all that had expired, and every call waited for it.
// With 5 million rows it is the same: a batch costs what a batch costs (docs/decisions/0014 has measured 10 million).

const EXPIRED = 20_000;
const BATCH_ROWS = 1_000;
/** Whoever holds it keeps a batch from its end. */
const GATE = 4713;

let stores: OpenStores;
let service: ServiceProcess;

beforeAll(async () => {
  stores = await openStores();
  const settings = {
    FULFILMENT_ENABLED: 'true',
    CLEAN_UP_BATCH_ROWS: String(BATCH_ROWS),
    CLEAN_UP_PAUSE_MS: '20',
    // A batch is held for as long as orders are placed beside it.
    DATABASE_LOCK_TIMEOUT_MS: '50000',
    DATABASE_STATEMENT_TIMEOUT_MS: '60000',
    DATABASE_SILENCE_LIMIT_MS: '70000',
  };
  service = await startServiceProcess({ ...stores, settings });
}, 60_000);

afterAll(async () => {
  await service.kill();
  await stores.close();
}, 60_000);

/** Adds entries that expired so many hours ago; a negative number is a life that is still to come. */
async function addEntries(name: string, count: number, expiredHours: number): Promise<void> {
  await stores.audit.run(
    `insert into idempotency_keys (
      id, principal, method, key, fingerprint, fingerprint_version, state, stored_form, response, created_at, expires_at)
    select sha256(($1::text || n)::bytea), 'anonymous', '/a/B', $1::text, sha256(''), 1, 'COMPLETED', 1, '',
      now() - interval '90 days', now() - $3 * interval '1 hour' + n * interval '1 millisecond'
    from generate_series(1, $2) as n`,
    [name, count, expiredHours],
  );
}

async function entriesOf(name: string): Promise<number> {
  const [row] = await stores.audit.run('select count(*)::int as count from idempotency_keys where key = $1', [name]);
  return Number(row?.['count']);
}

/** Places orders, four at once, until it is enough. @returns how long each took */
async function placeUntil(name: string, isEnough: (placed: number) => boolean): Promise<readonly number[]> {
  const tookMs: number[] = [];
  let next = 0;
  const one = async () => {
    while (!isEnough(tookMs.length)) {
      const key = `${name}-${next++}`;
      const startedMs = performance.now();
      expect(inWords(await createOrder(service.client, orderOf(key), { key }))).toBe('OK executed');
      tookMs.push(performance.now() - startedMs);
    }
  };
  await Promise.all([one(), one(), one(), one()]);
  return tookMs.sort((a, b) => a - b);
}

const p99 = (sorted: readonly number[]) => sorted[Math.floor(sorted.length * 0.99)] ?? Number.NaN;

test('O3 a clean-up under load goes in small batches and touches nothing that lives: 20,000 rows go while orders are placed', async () => {
  await stores.audit.run('create table batches (rows integer)');
  await stores.audit.run(
    `create function note_batch() returns trigger language plpgsql as
      $$ begin
        perform pg_advisory_xact_lock_shared(${GATE});
        insert into batches select count(*) from gone;
        return null;
      end $$`,
  );
  await stores.audit.run(
    `create trigger notes_batch after delete on idempotency_keys referencing old table as gone
      for each statement execute function note_batch()`,
  );
  await placeUntil('warm', (placed) => placed >= 100);
  const before = await placeUntil('before', (placed) => placed >= 300);

  const holder = await connectTo(stores.databaseUrl);
  await using ended = new AsyncDisposableStack();
  ended.defer(() => holder.end());
  await holder.query('select pg_advisory_lock($1)', [GATE]);
  await addEntries('remembered', 1_000, 24);
  await addEntries('live', 1_000, -24);
  await addEntries('expired', EXPIRED, 60 * 24);
  await stores.audit.run(`select graphile_worker.add_job('clean_up', queue_name => 'clean_up')`);
  await until('a batch is in the middle', isBatchHeld);
  // Whoever waited for the batch would wait for ever.
  const beside = await placeUntil('beside', (placed) => placed >= 300);
  expect(await isBatchHeld()).toBe(true);

  await holder.query('select pg_advisory_unlock($1)', [GATE]);
  let isClean = false;
  const cleaned = until('nothing expired is left', async () => (await entriesOf('expired')) === 0).finally(() => {
    isClean = true;
  });
  const amid = await placeUntil('amid', () => isClean);
  await cleaned;
  const [batches] = await stores.audit.run('select max(rows)::int as most, sum(rows)::int as all from batches');
  expect(batches).toEqual({ most: BATCH_ROWS, all: EXPIRED });
  expect([await entriesOf('remembered'), await entriesOf('live')]).toEqual([1_000, 1_000]);
  const [kept] = await stores.audit.run(
    `select count(*)::int as count from idempotency_keys where key like 'beside-%' or key like 'amid-%'`,
  );
  expect(kept).toEqual({ count: beside.length + amid.length });
  // What a machine that does much else may add is allowed for.
  const during = [...beside, ...amid].sort((a, b) => a - b);
  expect(p99(during)).toBeLessThan(5 * p99(before) + 100);
}, 60_000);

async function isBatchHeld(): Promise<boolean> {
  const rows = await stores.audit.run(
    `select from pg_locks where locktype = 'advisory' and objid = $1 and not granted
      and database = (select oid from pg_database where datname = current_database())`,
    [GATE],
  );
  return rows.length === 1;
}
