import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createdOrder, createOrder, orderRequest } from '../../support/order-requests.ts';
import { startTestService, type TestService } from '../../support/order-service.ts';
import { type OwnPostgres, startOwnPostgres } from '../../support/own-postgres.ts';
import { startTestRedis, type TestRedis } from '../../support/redis.ts';
import { until } from '../faults/until.ts';
import { type Examined, examined, told } from './examined.ts';

// A deployment without a fault: what the tests of the others leave out is turned on, and orders are processed.

let postgres: OwnPostgres;
let redis: TestRedis;
let service: TestService;

beforeAll(async () => {
  [postgres, redis] = await Promise.all([
    startOwnPostgres({ fsync: 'on', full_page_writes: 'on' }),
    startTestRedis({ isPersistent: true }),
  ]);
  service = await startTestService({ ...stores(), settings: { FULFILMENT_ENABLED: 'true' } });
  createdOrder(await createOrder(service.client, orderRequest()));
});

afterAll(async () => {
  await service.stop();
  await Promise.all([postgres.stop(), redis.stop()]);
});

function stores() {
  return { databaseUrl: postgres.url, redisUrl: redis.url };
}

/** Waits until the order has come to its end, and its events have been told. */
async function settled(): Promise<void> {
  await until('all events are published', async () => {
    const { of } = await examined(stores());
    return of('unfinished').facts['pending'] === null && of('publishing').facts['lastNumber'] === '3';
  });
}

test('a deployment that is well is told so, with exit code 0, in 80 columns and without colours', async () => {
  await settled();
  const { code, output, complaints } = await told({}, stores());
  expect({ code, complaints }).toEqual({ code: 0, complaints: '' });
  const lines = output.split('\n');
  expect(lines.slice(0, 3)).toEqual([
    `PostgreSQL  postgres://orders:***@127.0.0.1:${postgres.port}/orders`,
    `Redis       redis://127.0.0.1:${redis.port}, prefix orders`,
    '',
  ]);
  expect(lines).toContain("ok       job-schema     version 20 of the job queue's schema");
  expect(lines.filter((line) => line.length > 80)).toEqual([]);
  expect(lines.at(-2)).toBe('All is well.');
});

test('--json has the same checks each time, each with its level, message and facts', async () => {
  await settled();
  const [first, second] = [await examined(stores()), await examined(stores())];
  expect({ code: first.code, level: first.level }).toEqual({ code: 0, level: 'ok' });
  expect(first.checks.map(({ check }) => check)).toEqual([
    ...['versions', 'postgres', 'database', 'connections', 'proxy', 'durability', 'standby', 'clock', 'migrations'],
    ...['job-schema', 'queue', 'dead-letters', 'unfinished', 'ledger', 'events', 'publishing', 'stream'],
    ...['redis', 'redis-version', 'redis-clock', 'scripts', 'eviction', 'persistence', 'records'],
  ]);
  const shape = ({ checks }: Examined) => checks.map(({ check, facts }) => [check, Object.keys(facts)]);
  expect(shape(second)).toEqual(shape(first));
  expect(first.of('queue').facts).toEqual({ waiting: 0, due: 0, delayed: 0, running: 0, workers: 1, oldestDueMs: 0 });
  expect(first.of('events').facts).toMatchObject({ isLed: true, unnumbered: 0 });
  expect(first.of('stream').facts).toMatchObject({ stream: 'orders.events', length: 3, lastId: '3-0' });
});
