import { pino } from 'pino';
import { takeEventLead } from '../../../src/database/event-log.ts';
import { EventRelay } from '../../../src/events/event-relay.ts';
import { RedisEventStream } from '../../../src/events/redis-event-stream.ts';
import { testConfig } from '../../support/test-config.ts';

export interface RelayOptions {
  readonly databaseUrl: string;
  readonly redisUrl?: string | undefined;
  readonly streamLengthMax?: number;
}

/** A relay in this process. */
export interface TestRelay extends AsyncDisposable {
  readonly relay: EventRelay;
  /** The messages of its log so far. */
  readonly log: readonly string[];
  /** How often it has told that there are events for watchers. */
  readonly news: () => number;
}

export function startRelay({ databaseUrl, redisUrl, streamLengthMax = 10_000 }: RelayOptions): TestRelay {
  const { database } = testConfig({ databaseUrl });
  const log: string[] = [];
  const logger = pino({ level: 'info' }, { write: (line: string) => void log.push(line) });
  const stream =
    redisUrl === undefined
      ? undefined
      : new RedisEventStream({
          url: redisUrl,
          stream: 'orders.events',
          lengthMax: streamLengthMax,
          connectTimeoutMs: 1_000,
        });
  let news = 0;
  const relay = new EventRelay({
    takeLead: (signal) => takeEventLead(database, signal),
    stream,
    streamLengthMax,
    intervalMs: 20,
    logger,
    onNumbered: () => {
      news += 1;
    },
  });
  relay.start();
  return {
    relay,
    log,
    news: () => news,
    [Symbol.asyncDispose]: async () => {
      await relay.stop();
      stream?.close();
    },
  };
}
