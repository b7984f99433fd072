import { poll } from '../embedded/poll.ts';
import { Channels } from './channels.ts';
import { EventConsumer } from './event-consumer.ts';
import { Journal } from './journal.ts';
import { Load } from './load.ts';
import type { SimulationOptions } from './options.ts';
import { OrderDatabase } from './order-database.ts';
import { SimulatorError } from './simulator-error.ts';
import type { Stage } from './stage.ts';
import { Tally } from './tally.ts';

/** A stage with everybody on it who takes part. */
export interface Scene {
  readonly stage: Stage;
  readonly database: OrderDatabase;
  readonly consumer: EventConsumer;
  readonly load: Load;
  readonly journal: Journal;
  readonly tally: Tally;
  /** Sends customers and watchers home who still wait for something. */
  sendHome(): void;
}

const CREW_LIMIT_MS = 60_000;

/** Gathers those who take part. The consumer of events is there before the first order. */
export async function setScene(
  stage: Stage,
  options: SimulationOptions,
  stack: AsyncDisposableStack,
  loadEnd: AbortSignal,
): Promise<Scene> {
  // Not of the seed: the same customers may come again to a service that remembers their keys.
  const run = `sim-${Date.now().toString(36)}-${process.pid.toString(36)}`;
  const tally = new Tally();
  const journal = new Journal();
  const patience = new AbortController();
  const database = stack.use(await OrderDatabase.open(stage.databaseUrl, run));
  if (stage.own !== undefined) {
    await crewIsThere(stage.own, database, options.workers);
  }
  const consumer = new EventConsumer(stage.redisUrl, stage.stream);
  stack.defer(() => consumer.stop());
  await consumer.start();
  const channels = stack.use(await Channels.open(stage.target, () => tally.count('cutConnections')));
  const { seed } = options;
  const load = new Load(run, options, { channels, tally, journal, options, seed, patience: patience.signal, loadEnd });
  stack.defer(async () => {
    // When something has failed, there may still be customers: they go before their channels are closed.
    patience.abort();
    await load.finish().catch(() => {});
  });
  return { stage, database, consumer, load, journal, tally, sendHome: () => patience.abort() };
}

/** The first orders should not wait for workers that are still starting: that would be timed too. */
async function crewIsThere(own: NonNullable<Stage['own']>, database: OrderDatabase, workers: number): Promise<void> {
  const areThere = async () => {
    await own.requireWell();
    return (await database.workers()) >= workers ? true : undefined;
  };
  const isThere = await poll(areThere, { timeoutMs: CREW_LIMIT_MS, intervalMs: 100 });
  if (isThere === undefined) {
    throw new SimulatorError(`The workers did not begin within ${CREW_LIMIT_MS / 1_000} s.`);
  }
}
