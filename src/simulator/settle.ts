import { setTimeout as sleep } from 'node:timers/promises';
import type { EventConsumer } from './event-consumer.ts';
import type { Journal } from './journal.ts';
import type { Load } from './load.ts';
import type { OrderDatabase } from './order-database.ts';
import type { Stage } from './stage.ts';

export interface SettleDependencies {
  readonly load: Load;
  readonly journal: Journal;
  readonly database: OrderDatabase;
  readonly consumer: EventConsumer;
  readonly own: Stage['own'];
  readonly say: (what: string) => void;
}

const LOOK_MS = 500;

/** Without any progress for so long, the wait is over: twice what a dead worker, a lease and two failed steps may take. */
const STANDSTILL_MS = 60_000;
const LIMIT_MS = 30 * 60_000;

/** Waits until every order is final, its steps are at rest, its events are published, and everybody has heard of it. */
export async function settle(dependencies: SettleDependencies): Promise<void> {
  const { load, journal, database, consumer, own, say } = dependencies;
  const endMs = performance.now() + LIMIT_MS;
  let progressAtMs = performance.now();
  let before = '';
  for (;;) {
    await own?.requireWell();
    const { orders, jobs, setAside, events, lastNumber } = await database.unfinished();
    const unread = lastNumber > consumer.number ? 1 : 0;
    const left = [load.present, orders, jobs, events, journal.openWatches, unread];
    if (left.every((count) => count === 0)) {
      return;
    }
    say(
      `${orders} orders not final, ${jobs} in work, ${events} events to publish, ` +
        `${load.present} customers and ${journal.openWatches} watchers wait`,
    );
    const now = `${left.join()} ${consumer.number}`;
    if (now !== before) {
      before = now;
      progressAtMs = performance.now();
    }
    const isStuck = orders > 0 && orders === setAside;
    const isTooLate = performance.now() > Math.min(endMs, progressAtMs + (isStuck ? LOOK_MS * 4 : STANDSTILL_MS));
    if (isTooLate) {
      return;
    }
    await sleep(LOOK_MS);
  }
}
