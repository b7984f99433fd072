import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { Client } from 'pg';
import { poll } from '../../../src/embedded/poll.ts';
import { violationKinds } from '../../../src/simulator/violation.ts';
import { startTestService, type TestService } from '../../support/order-service.ts';
import { createTestDatabase, type TestDatabase } from '../../support/postgres.ts';
import { startTestRedis, type TestRedis } from '../../support/redis.ts';
import { rowOf, runSimulator, type SimulatorRun } from './run-simulator.ts';

/** Dead workers are found early, so that nobody has to wait for them. */
const impatience = { FULFILMENT_DEAD_AFTER_MS: '3000', FULFILMENT_HEARTBEAT_MS: '500' };

/** Everything has limits of its own: this one is for a machine that does much else. */
const patienceMs = 180_000;

jest.setTimeout(patienceMs);

/** The counts of everything that must never happen. */
function zerosOf(run: SimulatorRun): Record<string, string> {
  return Object.fromEntries(Object.values(violationKinds).map((title) => [title, rowOf(run, title.toUpperCase())]));
}

const allZero = Object.fromEntries(Object.values(violationKinds).map((title) => [title, '0']));

test('P1 P2 P7 clients repeat, connections break, workers die and Redis restarts: nothing is doubled, lost or left over', async () => {
  await using simulator = runSimulator(
    [
      ...['--rate=20', '--seconds=6', '--duplicates=0.3', '--faults=0.05', '--cancels=0.2'],
      ...['--kill-workers-every=3', '--restart-redis=1', '--seed=short'],
    ],
    impatience,
  );
  const run = await simulator.ended;
  expect({ ...zerosOf(run), exitCode: run.exitCode }).toEqual({ ...allZero, exitCode: 0 });
  expect(rowOf(run, 'orders')).toMatch(/^120: (?=.*CONFIRMED)(?=.*REJECTED)(?=.*CANCELLED)/);
  expect(rowOf(run, 'answers')).toMatch(/^[1-9]\d+ executed, [1-9]\d* replays$/);
  expect(rowOf(run, 'cut connections')).toMatch(/^[1-9]/);
  expect(rowOf(run, 'watchers')).toMatch(/^[1-9]/);
  expect(rowOf(run, 'killed')).toBe('1 workers, 1 Redis restarts');
});

describe('with a service that runs already', () => {
  let database: TestDatabase;
  let redis: TestRedis;
  let service: TestService;
  let client: Client;

  beforeAll(async () => {
    [database, redis] = await Promise.all([createTestDatabase(), startTestRedis()]);
    const settings = { FULFILMENT_ENABLED: 'true' };
    service = await startTestService({ databaseUrl: database.url, redisUrl: redis.url, settings });
    client = new Client({ connectionString: database.url });
    await client.connect();
  });

  afterAll(async () => {
    await client?.end();
    await service?.stop();
    await Promise.all([database?.drop(), redis?.stop()]);
  });

  /** Runs until an order of this run is final, whose id is given to `meanwhile`; then Ctrl-C. */
  async function runUntilFinal(seed: string, meanwhile: (orderId: string) => Promise<unknown>): Promise<SimulatorRun> {
    const { rows: before } = await client.query('select order_id from orders');
    await using simulator = runSimulator(
      [`--target=127.0.0.1:${service.port}`, '--rate=20', '--seconds=3600', '--faults=0', `--seed=${seed}`],
      { DATABASE_URL: database.url, REDIS_URL: redis.url },
    );
    const finalOrder = async (): Promise<string | undefined> => {
      const { rows } = await client.query(
        "select order_id from orders where state = 'CONFIRMED' and order_id <> all($1) limit 1",
        [before.map(({ order_id }) => order_id)],
      );
      return rows[0]?.order_id;
    };
    const orderId = await poll(finalOrder, { timeoutMs: patienceMs });
    if (orderId === undefined) {
      throw new Error('no order became final');
    }
    await meanwhile(orderId);
    simulator.signal('SIGINT');
    return await simulator.ended;
  }

  test('Ctrl-C ends the load early, and what was placed is still checked', async () => {
    const run = await runUntilFinal('early', async () => {});
    const uncheckable = { [violationKinds.effectDoubled]: 'not checked with --target' };
    expect({ ...zerosOf(run), exitCode: run.exitCode }).toEqual({ ...allZero, ...uncheckable, exitCode: 0 });
    expect(rowOf(run, 'orders')).toMatch(/^[1-9]/);
  });

  test('an order that was acknowledged and is gone is named, and the exit code is 1', async () => {
    const run = await runUntilFinal('gone', (orderId) =>
      client.query('delete from orders where order_id = $1', [orderId]),
    );
    expect(run.exitCode).toBe(1);
    expect(rowOf(run, violationKinds.orderLost.toUpperCase())).toBe('1');
    expect(run.output).toMatch(/sim-\S+-order-\d+-: the answer named the order \S+, which is not kept/);
  });
});
