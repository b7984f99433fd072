import type { OrderEvent } from '../generated/orders/v1/order_event.ts';

/** Entries that were trimmed, or that the stream has lost, before this group was given them. */
export interface EventGap {
  /** The number of the last entry before the gap. The events behind it are what `npm run events -- rebuild --after` wants. */
  readonly after: bigint;
  /** The number of the first entry behind the gap. */
  readonly before: bigint;
}

/** What went wrong, and what becomes of it. */
export type ConsumerTrouble =
  /** Redis cannot be reached, or refuses. Told once; the consumer goes on trying. */
  | { readonly kind: 'redis' }
  /** `handle` threw. It is called again after `retryInMs`. */
  | { readonly kind: 'handle'; readonly event: OrderEvent; readonly attempt: number; readonly retryInMs: number }
  /** `handle` threw for the last time, or killed its process so often. The event was moved to the dead letters. */
  | { readonly kind: 'deadEvent'; readonly event: OrderEvent; readonly attempt: number }
  /** The entry is none of ours. It was acknowledged, and moved to the dead letters if there are any. */
  | { readonly kind: 'notAnEvent'; readonly entryId: string };

export interface OrderEventConsumerOptions {
  /** The Redis that the service publishes to: redis:// or rediss://. */
  readonly url: string;
  /** Those who share a group share the events: each event is handled by one of them. */
  readonly group: string;
  /**
   * Who this is within the group. It must be the same after a restart, for it finds by it what it had begun, and nobody else may
   * use it at the same time: the name of a pod of a stateful set will do, a random one will not.
   */
  readonly consumer: string;
  /** Does what is to be done about an event. What it throws is told to onError, and it is called again. It must end some day. */
  readonly handle: (event: OrderEvent) => Promise<void> | void;
  /** Told of events that cannot be had any more. Default: a warning of the process that says what to do. */
  readonly onGap?: (gap: EventGap) => void;
  /** Told of everything that goes wrong. Default: a warning of the process. */
  readonly onError?: (error: unknown, trouble: ConsumerTrouble) => void;
  /** Default: `orders.events`. */
  readonly stream?: string;
  /** How long one reading waits for news. Default 5,000: an idle consumer asks every five seconds, and hears news at once. */
  readonly blockMs?: number;
  /** How many entries one reading takes. Default 50: some twenty kilobytes, and little to do again after a crash. */
  readonly batch?: number;
  /**
   * After so long without a sign of life, what a consumer had begun is given to another. Default 60,000: a restart takes less, and
   * the consumer that comes back goes on in order itself.
   */
  readonly reclaimAfterMs?: number;
  /**
   * How long a handled event is remembered. Default 31 days: PostgreSQL keeps events for 30, and
   * a stream that is filled anew has them again. Clocks of consumers that
   * differ only move this limit.
   */
  readonly rememberMs?: number;
  /**
   * How many handled events are remembered, in Redis and in this process. Default 100,000: as many as a stream holds, unless
   * EVENTS_STREAM_LENGTH_MAX was changed. They take about 15 MB in each place.
   */
  readonly rememberMax?: number;
  /**
   * How often an event is tried, by all consumers together. Default 10: with the delays below, a minute and a half. An attempt is
   * counted when it begins, so that one that kills its process is counted, too.
   */
  readonly attemptsMax?: number;
  /** The second attempt follows after about so long, each later one after twice as long. Default 250. */
  readonly retryDelayMs?: number;
  /** The longest time between two attempts. Default 30,000: soon enough for whoever waits behind it. */
  readonly retryDelayMsMax?: number;
  /**
   * Whether an event that fails attemptsMax times is moved to the stream `<stream>:<group>:dead`, where it waits for somebody, and
   * the events behind it go on. Default true. With false it is tried for ever, and everything behind it waits.
   */
  readonly deadLetters?: boolean;
  /** About how many dead letters are kept. Default 10,000: enough to see what happened, and bounded. */
  readonly deadLettersMax?: number;
  /** How long Redis may take to connect or to answer. Default 5,000: who waits longer waits for a server that hangs. */
  readonly commandTimeoutMs?: number;
}

/** The options with nothing left open. */
export type ConsumerSettings = Required<OrderEventConsumerOptions>;

const DAY_MS = 24 * 60 * 60_000;

/** @throws RangeError for a limit that is not a whole number of at least 1 */
export function settled(options: OrderEventConsumerOptions): ConsumerSettings {
  const limits = {
    blockMs: options.blockMs ?? 5_000,
    batch: options.batch ?? 50,
    reclaimAfterMs: options.reclaimAfterMs ?? 60_000,
    rememberMs: options.rememberMs ?? 31 * DAY_MS,
    rememberMax: options.rememberMax ?? 100_000,
    attemptsMax: options.attemptsMax ?? 10,
    retryDelayMs: options.retryDelayMs ?? 250,
    retryDelayMsMax: options.retryDelayMsMax ?? 30_000,
    deadLettersMax: options.deadLettersMax ?? 10_000,
    commandTimeoutMs: options.commandTimeoutMs ?? 5_000,
  };
  for (const [name, value] of Object.entries(limits)) {
    if (!Number.isSafeInteger(value) || value < 1) {
      throw new RangeError(`${name} is ${value}; it must be a whole number of at least 1`);
    }
  }
  const { url, group, consumer, handle } = options;
  const { stream = 'orders.events', deadLetters = true } = options;
  const onGap = options.onGap ?? ((gap) => warn(gapMessage(stream, gap)));
  const onError =
    options.onError ?? ((error, trouble) => warn(`${stream}, group ${group}: ${trouble.kind}: ${String(error)}`));
  return { ...limits, url, group, consumer, handle, stream, deadLetters, onGap, onError };
}

/** What the process is warned with, where nobody else is told. */
export function warn(message: string): void {
  process.emitWarning(message, 'OrderEventConsumerWarning');
}

function gapMessage(stream: string, { after, before }: EventGap): string {
  return (
    `${stream}: the entries between ${after} and ${before} were trimmed before they were read. ` +
    `PostgreSQL may still have them (table order_events), and so has the stream again, if it may be long enough ` +
    `(EVENTS_STREAM_LENGTH_MAX), after: npm run events -- rebuild --after ${after}`
  );
}
