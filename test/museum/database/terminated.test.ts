import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { countsOf, inWords, ONE_ORDER, place } from '../../integration/faults/named-orders.ts';
import { connectTo, queryDatabase } from '../../integration/faults/query-database.ts';
import { until } from '../../integration/faults/until.ts';
import { openAudit } from '../../integration/orders/audit.ts';
import { createTestDatabase, type TestDatabase } from '../../support/postgres.ts';
import { startTestRedis, type TestRedis } from '../../support/redis.ts';
import { type ServiceProcess, startServiceProcess } from '../../support/service-process.ts';
import { startWorkerProcess, type WorkerProcess } from '../../support/worker-process.ts';

// D4: bytebase/dbhub#422. A pooled connection that ended while nobody used it took the process with it.

const LOCK = 4_713;
let database: TestDatabase;
let redis: TestRedis;
let service: ServiceProcess;
let worker: WorkerProcess;

beforeAll(async () => {
  [database, redis] = await Promise.all([createTestDatabase(), startTestRedis()]);
  const stores = { databaseUrl: database.url, redisUrl: redis.url };
  const settings = {
    FULFILMENT_ENABLED: 'true',
    FULFILMENT_HEARTBEAT_MS: '200',
    FULFILMENT_DEAD_AFTER_MS: '2000',
    DATABASE_LOCK_TIMEOUT_MS: '20000',
    DATABASE_STATEMENT_TIMEOUT_MS: '21000',
    DATABASE_SILENCE_LIMIT_MS: '22000',
  };
  [service, worker] = await Promise.all([
    startServiceProcess({ ...stores, settings }),
    startWorkerProcess({ ...stores, settings }),
  ]);
  await queryDatabase(
    database.url,
    `create function wait_in_line() returns trigger language plpgsql as
      $$ begin perform pg_advisory_xact_lock_shared(${LOCK}); return new; end $$;
    create trigger busy before insert on orders for each row when (new.customer_id like 'busy%') execute function wait_in_line();
    create trigger busy_step before insert on order_events for each row when (new.state = 'PROCESSING') execute function wait_in_line()`,
  );
}, 60_000);

afterAll(async () => {
  await Promise.all([service.kill(), worker.kill()]);
  await Promise.all([database.drop(), redis.stop()]);
}, 60_000);

const ours = `from pg_stat_activity where application_name = 'order-service' and datname = current_database()`;
const terminateAll = () => queryDatabase(database.url, `select pg_terminate_backend(pid, 5000) ${ours}`);

/** What PostgreSQL does to connections, and to which. */
const ends: Readonly<Record<string, () => Promise<unknown>>> = {
  'all are terminated while they are idle': terminateAll,
  'all are terminated while calls and workers are in the middle of something': async () => {
    const holder = await connectTo(database.url);
    await using released = new AsyncDisposableStack();
    released.defer(() => holder.end());
    await holder.query('select pg_advisory_lock($1)', [LOCK]);
    await placed('worked-on');
    const calls = Array.from({ length: 5 }, (_, index) => place(service.client, `busy-${index}`));
    await until('a group of orders and a step are in the middle', async () => {
      const rows = await queryDatabase(database.url, `select 1 ${ours} and wait_event_type = 'Lock'`);
      return rows.length >= 2;
    });
    expect((await terminateAll()).length).toBeGreaterThan(2);
    // Some may have been waiting for their turn, and have it now.
    await holder.query('select pg_advisory_unlock_all()');
    const outcomes = (await Promise.all(calls)).map(inWords);
    expect(outcomes).toContain('UNAVAILABLE OUTCOME_UNKNOWN, may retry');
    expect(outcomes.filter((words) => !/OUTCOME_UNKNOWN|OK executed/.test(words))).toEqual([]);
  },
  'PostgreSQL ends each session that is idle for long': async () => {
    const { pathname } = new URL(database.url);
    await queryDatabase(database.url, `alter database ${pathname.slice(1)} set idle_session_timeout = '300ms'`);
    await terminateAll();
    await placed('before-the-pause');
    await until('the pool is gone', async () => (await queryDatabase(database.url, `select 1 ${ours}`)).length <= 6);
    await queryDatabase(database.url, `alter database ${pathname.slice(1)} reset idle_session_timeout`);
  },
};

test.each(Object.entries(ends))(
  'D4 lost connections do not end a process: %s, and service and workers go on',
  async (what, strike) => {
    await strike();
    const names = Array.from({ length: 12 }, (_, index) => `${what.replaceAll(/\W/g, '-').slice(0, 40)}-${index}`);
    await Promise.all(names.map(placed));
    await using audit = await openAudit(database.url);
    await until('they are confirmed', async () => {
      const left = await audit.run(`select from orders where state <> 'CONFIRMED' and customer_id = any($1)`, [names]);
      return left.length === 0;
    });
    for (const name of names) expect(await countsOf(database.url, name)).toEqual(ONE_ORDER);
    for (const process of [service, worker]) {
      expect(await Promise.race([process.exited, Promise.resolve('runs')])).toBe('runs');
      const stray = process.log.filter((line) => !line.startsWith('{'));
      expect(stray.filter((line) => /unhandled|uncaught|Error/i.test(line))).toEqual([]);
    }
  },
);

/** With the same key until it is OK, as a client does. */
async function placed(name: string): Promise<void> {
  await until(`${name} is placed`, async () => inWords(await place(service.client, name)).startsWith('OK'));
}
