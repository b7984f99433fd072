import { counted } from '../doctor/age.ts';
import type { Figures } from './figures.ts';
import { readableSeconds } from './readable.ts';
import type { View } from './view.ts';

export type TroubleLevel = 'fault' | 'warning';

/** Something that is not well. */
export interface Trouble {
  readonly level: TroubleLevel;
  /** What it is, if it is the worst. */
  readonly words: string;
  /** What it is, beside something worse. */
  readonly brief: string;
  readonly advice: string;
}

/** From here on something is late; where `npm run doctor` looks at it, it warns from here on, too. */
export const lateSeconds = { answer: 3, job: 60, event: 30, cleanUp: 600 } as const;

/** There is no trouble, as far as anybody knows. */
export function wellness({ queue }: Figures): string {
  const late = queue.oldest === undefined ? 'of the queue nothing is known yet' : 'nothing is late';
  return `WELL: PostgreSQL and Redis are there, and ${late}.`;
}

/** What is not well, the worst first. @param now the time, in milliseconds since 1970 */
export function troublesOf(views: readonly View[], figures: Figures, now: number): readonly Trouble[] {
  const isRead = figures.processes > 0;
  return [
    ...doubled(figures),
    ...(isRead ? databaseGone(figures) : []),
    ...unread(views),
    ...silent(views),
    ...(isRead ? [...degraded(figures, now), ...processing(figures)] : []),
  ];
}

function doubled({ database }: Figures): readonly Trouble[] {
  const count = database.doubled ?? 0;
  return count === 0
    ? []
    : [
        {
          level: 'fault',
          words: `ORDERS DOUBLED: ${counted(count, 'key')} placed more than one order`,
          brief: 'orders doubled',
          advice: 'docs/operations.md, DoubledOrders',
        },
      ];
}

function databaseGone({ database, processes }: Figures): readonly Trouble[] {
  const without = processes - (database.up ?? processes);
  return without === 0
    ? []
    : [
        {
          level: 'fault',
          words: `DATABASE GONE: no order can be placed or read${among(without, processes)}`,
          brief: 'database gone',
          advice: 'npm run doctor; docs/operations.md',
        },
      ];
}

function unread(views: readonly View[]): readonly Trouble[] {
  const found = views.flatMap(({ endpoint, latest }) => (latest.kind === 'unread' ? [{ endpoint, ...latest }] : []));
  const [first] = found;
  if (first === undefined) {
    return [];
  }
  const count = views.length > 1 ? `${found.length} of ${views.length} endpoints, ` : '';
  return [
    {
      level: 'fault',
      words: `CANNOT BE READ: ${count}${first.endpoint.url}: ${first.problem}`,
      brief: `${found.length} of ${views.length} endpoints cannot be read`,
      advice: first.advice,
    },
  ];
}

function silent(views: readonly View[]): readonly Trouble[] {
  const [slowest] = views.toSorted((one, other) => other.silentSeconds - one.silentSeconds);
  return slowest === undefined || slowest.silentSeconds < lateSeconds.answer
    ? []
    : [
        {
          level: 'warning',
          words: `NO ANSWER: for ${readableSeconds(Math.round(slowest.silentSeconds))} from ${slowest.endpoint.url}`,
          brief: 'no answer',
          advice: 'these figures are old: see whether it is stopped, or has no CPU',
        },
      ];
}

function degraded({ redis, processes }: Figures, now: number): readonly Trouble[] {
  const count = redis.degraded ?? 0;
  return count === 0
    ? []
    : [
        {
          level: 'warning',
          words: `DEGRADED: calls go without Redis${since(redis.degradedNow, now)}${among(count, processes)}: right, but slower`,
          brief: 'calls go without Redis',
          advice: 'npm run doctor; docs/operations.md',
        },
      ];
}

function since(seconds: number | undefined, now: number): string {
  if (seconds === undefined) {
    return '';
  }
  return ` since ${timeOfDay(now - seconds * 1_000)}, ${readableSeconds(seconds)}`;
}

/** By the clock and the zone of this machine. */
export function timeOfDay(timeMs: number): string {
  return new Date(timeMs).toLocaleTimeString('en-GB');
}

function among(count: number, processes: number): string {
  return processes === 1 ? '' : ` (${count} of ${processes} processes)`;
}

function processing({ queue, events, ledger }: Figures): readonly Trouble[] {
  const due = queue.due ?? 0;
  const setAside = queue.setAside ?? 0;
  const oldest = queue.oldest ?? 0;
  const lag = events.lag ?? 0;
  const overdue = ledger.overdue ?? 0;
  const found: (Trouble | false)[] = [
    queue.workers === 0 &&
      due > 0 && {
        level: 'warning',
        words: `NOT PROCESSED: ${counted(due, 'job')} and no worker`,
        brief: 'no worker',
        advice: 'npm run worker, or FULFILMENT_ENABLED=true for the service',
      },
    setAside > 0 && {
      level: 'warning',
      words: `SET ASIDE: processing has failed for good for ${counted(setAside, 'order')}`,
      brief: `${counted(setAside, 'order')} set aside`,
      advice: 'npm run doctor shows them, -- --requeue tries them again',
    },
    queue.workers !== 0 &&
      oldest > lateSeconds.job && {
        level: 'warning',
        words: `LATE: a job has waited for ${readableSeconds(oldest)}`,
        brief: 'processing is late',
        advice: 'npm run doctor says what keeps it; npm run worker adds a worker',
      },
    lag > lateSeconds.event && {
      level: 'warning',
      words: `LATE: an event has not been told for ${readableSeconds(lag)}`,
      brief: 'events are late',
      advice: 'npm run doctor looks at the stream, and at who fills it',
    },
    overdue > lateSeconds.cleanUp && {
      level: 'warning',
      words: `NOT CLEANED UP: a row of the ledger is overdue for ${readableSeconds(overdue)}`,
      brief: 'the clean-up is late',
      advice: 'npm run doctor looks at the clean-up',
    },
  ];
  return found.filter((trouble) => trouble !== false);
}
