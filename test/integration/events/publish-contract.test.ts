import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Redis } from 'ioredis';
import { RedisEventStream } from '../../../src/events/redis-event-stream.ts';
import { toStreamFields } from '../../../src/events/stream-entry.ts';
import { until } from '../idempotency/stage/until.ts';
import { streamedEvent } from './streamed-event.ts';
import { useRedis } from './use-redis.ts';

// The header of publish.lua, held against what the relay sends and makes of the answers.

// Before the server is stopped, so that nobody goes on to look for it.
afterAll(() => {
  monitor.disconnect();
  stream.close();
});

const stage = useRedis();
const text = readFileSync(new URL('../../../src/events/publish.lua', import.meta.url), 'utf8');
const commands: string[][] = [];
let monitor: Redis;
let stream: RedisEventStream;

beforeAll(async () => {
  const client = stage.redis.duplicate();
  monitor = await client.monitor();
  client.disconnect();
  monitor.on('monitor', (_time: string, command: string[]) => void commands.push(command));
  stream = new RedisEventStream({ url: stage.url, stream: 'orders.events', lengthMax: 500, connectTimeoutMs: 1_000 });
  await until('the connection', () =>
    stream.end().then(
      () => true,
      () => false,
    ),
  );
});

/** The arguments of the header, in order. */
const names = Array.from(
  text.matchAll(/^-- (KEYS|ARGV)\[(\d+)(…?)\] +([^,:\n]+)/gm),
  ([, list, at, more, meaning]) => ({
    place: `${list}${at}${more}`,
    meaning,
  }),
);

test('what is sent is what the header asks for, in that order', async () => {
  const events = [streamedEvent(1), { ...streamedEvent(2), traceParent: 'of-a-trace' }];
  await stream.publish(0n, events);
  const isCall = ([name = '', , , key]: readonly string[]) => /^eval/i.test(name) && key === 'orders.events';
  await until('the command', () => commands.filter(isCall).some((command) => command[4] === '0'));
  const [, , ...sent] = commands.filter(isCall).find((command) => command[4] === '0') ?? [];
  const fields = events.map((event) => [String(event.number), ...toStreamFields(event)]);
  const byMeaning: Readonly<Record<string, readonly string[]>> = {
    'the stream': ['orders.events'],
    'the number that the stream is expected to have come to': ['0'],
    'about how many entries the stream is to keep': ['500'],
    'the events': fields.flatMap((event) => [String(event.length), ...event]),
  };
  expect(names.map(({ place }) => place)).toEqual(['KEYS1', 'ARGV1', 'ARGV2', 'ARGV3…']);
  expect(sent).toEqual(['1', ...names.flatMap(({ meaning = '' }) => byMeaning[meaning] ?? [`no meaning ${meaning}`])]);
});

test.each([
  { what: 'the stream is where it is expected to be', after: 2n, from: 3, answer: 4n, length: 4 },
  { what: 'the stream is behind: nothing is published', after: 3n, from: 4, answer: 2n, length: 2 },
  { what: 'the stream is ahead: nothing is published', after: 0n, from: 1, answer: 2n, length: 2 },
  {
    what: 'numbers of the past were left out: it is asked for behind them',
    after: 2n,
    from: 9,
    answer: 10n,
    length: 4,
  },
])('$what', async ({ after, from, answer, length }) => {
  await stream.publish(0n, [streamedEvent(1), streamedEvent(2)]);
  expect(await stream.publish(after, [streamedEvent(from), streamedEvent(from + 1)])).toBe(answer);
  expect(await stage.redis.xlen('orders.events')).toBe(length);
  expect((await stream.end()).number).toBe(answer);
});

test('a stream that was emptied by trimming has come as far as before', async () => {
  await stream.publish(0n, [streamedEvent(1), streamedEvent(2)]);
  await stage.redis.xtrim('orders.events', 'MAXLEN', 0);
  expect(await stream.end()).toEqual({ number: 2n, eventId: undefined });
  await stage.redis.del('orders.events');
  expect(await stream.end()).toEqual({ number: 0n, eventId: undefined });
});
