import { expect } from '@jest/globals';
import { Client } from 'pg';
import { poll } from '../../../src/embedded/poll.ts';
import { violationKinds } from '../../../src/simulator/violation.ts';
import { startTestService } from '../../support/order-service.ts';
import { createTestDatabase } from '../../support/postgres.ts';
import { startTestRedis } from '../../support/redis.ts';
import { storiesAtOnce } from '../../support/stories-at-once.ts';
import { rowOf, runSimulator, type SimulatorRun } from './run-simulator.ts';

/** Dead workers are found early, so that nobody has to wait for them. */
const impatience = { FULFILMENT_DEAD_AFTER_MS: '2000', FULFILMENT_HEARTBEAT_MS: '300' };

/** Everything has limits of its own: this one is for a machine that does much else. */
const patienceMs = 180_000;

/** The counts of everything that must never happen. */
function zerosOf(run: SimulatorRun): Record<string, string> {
  return Object.fromEntries(Object.values(violationKinds).map((title) => [title, rowOf(run, title.toUpperCase())]));
}

const allZero = Object.fromEntries(Object.values(violationKinds).map((title) => [title, '0']));

/** A service that runs already, on stores of its own. */
interface Target extends AsyncDisposable {
  readonly port: number;
  readonly environment: Readonly<Record<string, string>>;
  readonly client: Client;
}

async function startTarget(): Promise<Target> {
  await using stack = new AsyncDisposableStack();
  const database = stack.adopt(await createTestDatabase(), ({ drop }) => drop());
  const redis = stack.adopt(await startTestRedis(), ({ stop }) => stop());
  const stores = { databaseUrl: database.url, redisUrl: redis.url };
  const { port } = stack.use(await startTestService({ ...stores, settings: { FULFILMENT_ENABLED: 'true' } }));
  const client = stack.adopt(new Client({ connectionString: database.url }), (opened) => opened.end());
  await client.connect();
  const running = stack.move();
  return {
    port,
    environment: { DATABASE_URL: database.url, REDIS_URL: redis.url },
    client,
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

/** Runs until an order is final, whose id is given to `meanwhile`; then Ctrl-C. */
async function runUntilFinal(
  { port, environment, client }: Target,
  meanwhile: (orderId: string) => Promise<unknown>,
): Promise<SimulatorRun> {
  await using simulator = runSimulator(
    [`--target=127.0.0.1:${port}`, '--rate=20', '--seconds=3600', '--faults=0', '--seed=target'],
    environment,
  );
  const finalOrder = async (): Promise<string | undefined> => {
    // Whoever was to hear of it has: what goes on to wait for an order that is gone would wait for a minute.
    const { rows } = await client.query(
      `select order_id from orders join order_events using (order_id), event_relay
      where orders.state = 'CONFIRMED' and order_events.sequence = orders.sequence and number <= published_number
        and updated_at < now() - interval '1 s' limit 1`,
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

storiesAtOnce(
  {
    'P1 P2 P7 clients repeat, connections break, workers die and Redis restarts: nothing is doubled, lost or left over':
      async () => {
        await using simulator = runSimulator(
          [
            ...['--rate=30', '--seconds=4', '--duplicates=0.3', '--faults=0.05', '--cancels=0.2'],
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
      },

    'with a service that runs already: Ctrl-C ends the load early, and what was placed is still checked': async () => {
      await using target = await startTarget();
      const run = await runUntilFinal(target, async () => {});
      const uncheckable = { [violationKinds.effectDoubled]: 'not checked with --target' };
      expect({ ...zerosOf(run), exitCode: run.exitCode }).toEqual({ ...allZero, ...uncheckable, exitCode: 0 });
      expect(rowOf(run, 'orders')).toMatch(/^[1-9]/);
    },

    'with a service that runs already: an order that was acknowledged and is gone is named, and the exit code is 1':
      async () => {
        await using target = await startTarget();
        const run = await runUntilFinal(target, (orderId) =>
          target.client.query('delete from orders where order_id = $1', [orderId]),
        );
        expect(run.exitCode).toBe(1);
        expect(rowOf(run, violationKinds.orderLost.toUpperCase())).toBe('1');
        expect(run.output).toMatch(/sim-\S+-order-\d+-: the answer named the order \S+, which is not kept/);
      },
  },
  patienceMs,
);
