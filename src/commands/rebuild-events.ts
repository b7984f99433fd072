import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { ConfigWith } from '../config/config.ts';
import { Database } from '../database/database.ts';
import { PostgresNumberedEvents, takeEventLead } from '../database/event-log.ts';
import { EventRelay } from '../events/event-relay.ts';
import type { NumberedEvents } from '../events/ports.ts';
import { RedisEventStream, streamName } from '../events/redis-event-stream.ts';
import { RebuildStream, type StreamContents } from '../events/redis-rebuild-stream.ts';

export interface RebuildEventsOptions {
  readonly config: ConfigWith<'database'>;
  readonly logger: Logger;
  /** Takes a line of what is to be read while it goes on. */
  readonly print: (line: string) => void;
  /** Only events behind this number are wanted; 0: as many as the stream keeps. */
  readonly after?: bigint;
}

/** The stream could not be rebuilt. The message says why, and what to do. */
export class RebuildError extends Error {
  override readonly name = 'RebuildError';
}

const LOOK_INTERVAL_MS = 100;
const REPORT_INTERVAL_MS = 1_000;

/** A leader looks at the stream every five seconds; one that is dead is replaced after ten more. */
const STANDSTILL_MS = 30_000;

/**
 * Deletes the stream of events, its consumer groups, too, and waits until it is filled again from PostgreSQL, under the same
 * numbers. Whichever process relays the events fills it; if none does, this one.
 * @throws RebuildError if Redis or PostgreSQL is not there, or nothing goes on
 */
export async function rebuildEvents({ config, logger, print, after = 0n }: RebuildEventsOptions): Promise<void> {
  const { url, prefix, connectTimeoutMs } = config.redis;
  if (url === undefined) {
    throw new RebuildError(
      'There is no REDIS_URL, and so no stream of events. Set REDIS_URL to the Redis of the service.',
    );
  }
  const name = streamName(prefix);
  await using stack = new AsyncDisposableStack();
  const database = stack.adopt(new Database({ ...config.database, onChange: () => {} }), (opened) => opened.close());
  const events = new PostgresNumberedEvents(database);
  const lastNumber = await reached('PostgreSQL', 'DATABASE_URL', async () => {
    await database.start();
    return await events.lastNumber();
  });
  const askRedis = <T>(question: () => Promise<T>) => reached('Redis', 'REDIS_URL', question);
  const opened = await askRedis(() => RebuildStream.open({ url, stream: name, connectTimeoutMs }));
  const stream = stack.adopt(opened, (rebuilt) => rebuilt.close());
  if (after > lastNumber) {
    throw new RebuildError(`There is no event behind ${after}: PostgreSQL has come to ${lastNumber}.`);
  }
  const { streamLengthMax } = config.events;
  if (after > 0n && lastNumber - after > BigInt(streamLengthMax)) {
    throw new RebuildError(
      `There are ${lastNumber - after} events behind ${after}, and the stream keeps ${streamLengthMax}: what is wanted would be ` +
        'trimmed again. Raise EVENTS_STREAM_LENGTH_MAX for all processes first, or read them from PostgreSQL (table order_events).',
    );
  }
  const type = await askRedis(() => stream.type());
  if (type !== 'stream' && type !== 'none') {
    throw new RebuildError(
      `Under ${name} Redis has a ${type}, which this service has not put there. Remove it, or choose another REDIS_PREFIX.`,
    );
  }
  const before = await askRedis(() => stream.contents());
  await askRedis(() => stream.empty(after));
  print(`${name} had ${before.length} events and was deleted, with its consumer groups. It fills again now.`);

  const relay = openRelay({ config, logger, print, url, name }, stack);
  relay.start();
  stack.defer(() => relay.stop());
  const now = await filled({ look: () => askRedis(() => stream.contents()), events, lastNumber, print });
  const first = await askRedis(() => stream.firstNumber());
  print(
    first === undefined
      ? `${name} has 0 events: PostgreSQL keeps none behind ${after}.`
      : `${name} has ${now.length} events: ${first} to ${now.lastNumber}.`,
  );
}

interface RelayParts extends Pick<RebuildEventsOptions, 'config' | 'logger' | 'print'> {
  readonly url: string;
  readonly name: string;
}

/** The relay of this process: it stands by while another one leads. */
function openRelay({ config, logger, print, url, name }: RelayParts, stack: AsyncDisposableStack): EventRelay {
  const { streamLengthMax, relayIntervalMs } = config.events;
  const { connectTimeoutMs } = config.redis;
  const publishing = { url, stream: name, lengthMax: streamLengthMax, connectTimeoutMs };
  return new EventRelay({
    takeLead: async (signal) => {
      const lead = await takeEventLead(config.database, signal);
      if (lead !== undefined) {
        print('No other process relays events: this one fills the stream.');
      }
      return lead;
    },
    stream: stack.adopt(new RedisEventStream(publishing), (opened) => opened.close()),
    streamLengthMax,
    intervalMs: relayIntervalMs,
    logger,
    onNumbered: () => {},
  });
}

interface Filling {
  readonly look: () => Promise<StreamContents>;
  readonly events: NumberedEvents;
  /** The number of the newest event when it began; what comes later is nobody's to wait for. */
  readonly lastNumber: bigint;
  readonly print: (line: string) => void;
}

/** Resolves when the stream has everything that PostgreSQL has. */
async function filled({ look, events, lastNumber, print }: Filling): Promise<StreamContents> {
  let seen = 0n;
  let movedAtMs = performance.now();
  let reportedAtMs = movedAtMs;
  for (;;) {
    const now = await look();
    const nowMs = performance.now();
    if (now.lastNumber !== seen) {
      seen = now.lastNumber;
      movedAtMs = nowMs;
    }
    // The newest ones may no longer be kept: what matters is that nothing more comes.
    const isFilled =
      now.lastNumber >= lastNumber ||
      (await reached('PostgreSQL', 'DATABASE_URL', () => events.after(now.lastNumber, 1))).length === 0;
    if (isFilled) {
      return now;
    }
    if (nowMs - movedAtMs > STANDSTILL_MS) {
      throw new RebuildError(
        `Nothing was published for ${STANDSTILL_MS / 1_000} s: see the log of the process that relays the events.`,
      );
    }
    if (nowMs - reportedAtMs > REPORT_INTERVAL_MS) {
      reportedAtMs = nowMs;
      print(`${now.length} events so far, up to ${now.lastNumber} of ${lastNumber}`);
    }
    await sleep(LOOK_INTERVAL_MS);
  }
}

/** @throws RebuildError if it fails */
async function reached<T>(what: string, variable: string, question: () => Promise<T>): Promise<T> {
  try {
    return await question();
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new RebuildError(`${what} is not there, or does not do as asked: ${reason}. See ${variable}.`, {
      cause: error,
    });
  }
}
