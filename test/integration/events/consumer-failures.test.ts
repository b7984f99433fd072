import { expect, test } from '@jest/globals';
import type { Redis } from 'ioredis';
import { toStreamFields } from '../../../src/events/stream-entry.ts';
import { until } from '../idempotency/stage/until.ts';
import { startConsumer } from './consumer-bench.ts';
import { dieInHandle } from './doomed-consumer.ts';
import { isSettled } from './group-facts.ts';
import { numberIn, publish, streamedEvent } from './streamed-event.ts';
import { useRedis } from './use-redis.ts';

// Events that cannot be handled, and entries that are none.

const stage = useRedis();
const DEAD = 'orders.events:group:dead';

/** The fields of the dead letters, each as an object. */
async function deadLetters(redis: Redis): Promise<Readonly<Record<string, string>>[]> {
  const entries = await redis.xrange(DEAD, '-', '+');
  return entries.map(([, fields]) =>
    Object.fromEntries(fields.flatMap((name, at) => (at % 2 === 0 ? [[name, fields[at + 1] ?? '']] : []))),
  );
}

test('a handling that fails is tried again, and what comes behind it waits', async () => {
  await publish(stage.redis, 1, 3);
  let failures = 3;
  const handle = () => {
    failures -= 1;
    if (failures > 0) {
      throw new Error('not yet');
    }
  };
  await using bench = startConsumer(stage.url, { handle });
  await until('three events', () => isSettled(stage.redis, 3));
  expect(bench.seen).toEqual([1, 1, 1, 2, 3]);
  expect(bench.troubles).toMatchObject([
    { kind: 'handle', attempt: 1, retryInMs: 20 },
    { kind: 'handle', attempt: 2, retryInMs: 40 },
  ]);
});

test('an event that fails too often is set aside with its reason, also if it comes again', async () => {
  await publish(stage.redis, 1, 3);
  const handle = async (event: { readonly subject: string }) => {
    if (numberIn(event) === 2) {
      throw new Error('never');
    }
  };
  await using bench = startConsumer(stage.url, { attemptsMax: 3, handle });
  await until('three events', () => isSettled(stage.redis, 3));
  await stage.redis.del('orders.events');
  await publish(stage.redis, 1, 4);
  await until('the fourth', () => isSettled(stage.redis, 4));
  expect(bench.seen).toEqual([1, 2, 2, 2, 3, 4]);
  expect(bench.troubles.map(({ kind }) => kind)).toEqual(['handle', 'handle', 'deadEvent']);
  expect(await deadLetters(stage.redis)).toMatchObject([
    { deadentry: '2-0', deadreason: 'Error: never', id: `${streamedEvent(2).orderId}/1`, sequence: '1' },
  ]);
});

test('without dead letters it is tried until it succeeds', async () => {
  await publish(stage.redis, 1, 2);
  let failures = 5;
  const handle = () => (--failures > 0 ? Promise.reject(new Error('not yet')) : undefined);
  await using bench = startConsumer(stage.url, { attemptsMax: 2, deadLetters: false, handle });
  await until('both events', () => isSettled(stage.redis, 2));
  expect(bench.seen).toEqual([1, 1, 1, 1, 1, 2]);
  expect(await stage.redis.exists(DEAD)).toBe(0);
});

test('an event that kills its consumers is set aside, and those behind it are not', async () => {
  await publish(stage.redis, 1, 3);
  expect([await dieInHandle(stage.url), await dieInHandle(stage.url)]).toEqual([1, 1]);
  await using bench = startConsumer(stage.url, { attemptsMax: 2 });
  await until('three events', () => isSettled(stage.redis, 3));
  expect(bench.seen).toEqual([2, 3]);
  expect(await deadLetters(stage.redis)).toMatchObject([{ deadentry: '1-0' }]);
});

const good = Object.fromEntries(pairs(toStreamFields(streamedEvent(2))));

function pairs(fields: readonly string[]): [string, string][] {
  return fields.flatMap((name, at): [string, string][] => (at % 2 === 0 ? [[name, fields[at + 1] ?? '']] : []));
}

const strangers: { what: string; id?: string; fields: Readonly<Record<string, string | Buffer>> }[] = [
  { what: 'fields of somebody else', fields: { hello: 'world' } },
  { what: 'no data', fields: { ...good, data: '' } },
  { what: 'data that is no JSON', fields: { ...good, data: '{"orderId":' } },
  { what: 'JSON that is no data of ours', fields: { ...good, data: '[]' } },
  { what: 'a state that is none', fields: { ...good, data: good['data']?.replace('ORDER_STATE_PENDING', 'x') ?? '' } },
  { what: 'the id of another event', fields: { ...good, id: streamedEvent(3).orderId } },
  { what: 'data of another order', fields: { ...good, data: good['data']?.replace('2"', '3"') ?? '' } },
  { what: 'a sequence that is no number', fields: { ...good, sequence: 'one' } },
  { what: 'no time', fields: { ...good, time: 'yesterday' } },
  { what: 'an event of ours under an id that the relay does not give', id: '2-7', fields: good },
  { what: 'bytes that are no text', fields: { bytes: Buffer.from([0, 255, 254, 10]) } },
];

test.each(strangers)(
  'an entry with $what is set aside byte for byte, and the next one handled',
  async ({ id, fields }) => {
    await publish(stage.redis, 1);
    const flat = Object.entries(fields).flat();
    await stage.redis.xadd('orders.events', id ?? '2-0', ...flat);
    await publish(stage.redis, 3);
    await using bench = startConsumer(stage.url);
    await until('the rest', () => isSettled(stage.redis, 3));
    expect(bench.seen).toEqual([1, 3]);
    expect(bench.troubles).toEqual([{ kind: 'notAnEvent', entryId: id ?? '2-0' }]);
    const [[, kept] = []] = await stage.redis.xrangeBuffer(DEAD, '-', '+');
    expect(kept?.slice(4)).toEqual(flat.map((part) => Buffer.from(part)));
  },
);

test('a foreign entry with more fields than a script can take is cut, and stops nobody', async () => {
  const many = Array.from({ length: 12_000 }, (_, index) => String(index));
  await stage.redis.xadd('orders.events', '1-0', ...many);
  await publish(stage.redis, 2);
  await using bench = startConsumer(stage.url);
  await until('the event', () => isSettled(stage.redis, 2));
  expect(bench.seen).toEqual([2]);
  expect(await stage.redis.xlen(DEAD)).toBe(1);
});

test('a state that only a newer service knows is handed on as unrecognized', async () => {
  const data = good['data']?.replace('ORDER_STATE_PENDING', 'ORDER_STATE_SHIPPED') ?? '';
  await stage.redis.xadd('orders.events', '2-0', ...Object.entries({ ...good, data }).flat());
  const states: (number | undefined)[] = [];
  await using bench = startConsumer(stage.url, { handle: (event) => void states.push(event.data?.state) });
  await until('the event', () => isSettled(stage.redis, 2));
  expect([states, bench.troubles]).toEqual([[-1], []]);
});
