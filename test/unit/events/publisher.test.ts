import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect, jest, test } from '@jest/globals';
import { pino } from 'pino';
import { Publisher } from '../../../src/events/publisher.ts';
import { StagedLead } from './staged-lead.ts';
import { StagedStream } from './staged-stream.ts';

/** Without news, the publisher asks the stream so often where it is. */
const CHECK_MS = 5_000;

const endings: (() => Promise<void>)[] = [];

afterEach(async () => {
  await Promise.all(endings.splice(0).map((end) => end()));
  jest.useRealTimers();
});

/** A publisher that runs until the test is over, or `stop` is called. */
function started(lead: StagedLead, stream: StagedStream, streamLengthMax = 10_000) {
  const log: { readonly level: number; readonly msg: string }[] = [];
  const logger = pino({ level: 'info' }, { write: (line: string) => void log.push(JSON.parse(line)) });
  const publisher = new Publisher({ lead, stream, streamLengthMax, logger });
  const stopping = new AbortController();
  const running = publisher.run(stopping.signal);
  const stop = async () => {
    stopping.abort();
    await running;
  };
  endings.push(() => stop().catch(() => {}));
  return { publisher, running, stop, log };
}

function numbers({ published }: StagedStream): number[] {
  return published.map(({ number }) => Number(number));
}

function upTo(last: number, first = 1): number[] {
  return Array.from({ length: last - first + 1 }, (_, index) => first + index);
}

test('events are published in order and in batches, and each batch is noted', async () => {
  const lead = new StagedLead(250);
  const stream = new StagedStream(lead);
  started(lead, stream);
  await lead.told('notePublished 250');
  expect(numbers(stream)).toEqual(upTo(250));
  expect(stream.batches).toEqual([100, 100, 50]);
  expect(lead.noted).toEqual([100n, 200n, 250n]);
});

test('between two batches the stream has a rest', async () => {
  const lead = new StagedLead(300);
  const stream = new StagedStream(lead);
  const at: number[] = [];
  stream.before = async (question) => void (question === 'publish' && at.push(performance.now()));
  started(lead, stream);
  await lead.told('notePublished 300');
  // A timer may be a millisecond early.
  for (const [index, time] of at.slice(1).entries()) expect(time - (at[index] ?? time)).toBeGreaterThanOrEqual(4);
});

test('what is numbered later is published when that is told, without another question where the stream is', async () => {
  const lead = new StagedLead(1);
  const stream = new StagedStream(lead);
  const { publisher } = started(lead, stream);
  await lead.told('notePublished 1');
  lead.add(2);
  publisher.nudge();
  await lead.told('notePublished 3');
  expect(numbers(stream)).toEqual([1, 2, 3]);
  expect(lead.story.filter((words) => words === 'end')).toHaveLength(1);
});

test('A5 without news for a while the stream is asked where it is, and what it has lost is published again', async () => {
  jest.useFakeTimers({ doNotFake: ['setImmediate', 'nextTick'] });
  const lead = new StagedLead(3);
  const stream = new StagedStream(lead);
  started(lead, stream);
  await lead.told('notePublished 3');
  stream.last = 1n;
  await jest.advanceTimersByTimeAsync(CHECK_MS - 1);
  expect(lead.story.filter((words) => words === 'end')).toHaveLength(1);
  await jest.advanceTimersByTimeAsync(1);
  await lead.told('notePublished 3', 2);
  expect(numbers(stream)).toEqual([1, 2, 3, 2, 3]);
});

test('A5 a timer that fires a little early, as timers do, does not put the question off', async () => {
  jest.useFakeTimers({ doNotFake: ['setImmediate', 'nextTick'] });
  const lead = new StagedLead(3);
  started(lead, new StagedStream(lead));
  await lead.told('notePublished 3');
  await jest.advanceTimersByTimeAsync(0);
  const now = performance.now();
  const clock = jest.spyOn(performance, 'now').mockReturnValue(now + CHECK_MS - 0.5);
  await jest.advanceTimersByTimeAsync(CHECK_MS);
  clock.mockRestore();
  expect(lead.story.filter((words) => words === 'end')).toHaveLength(2);
});

test.each([
  ['is empty', 0, upTo(10)],
  ['has lost the newest', 7, upTo(10, 8)],
])('A5 a stream that %s is taken up from where it is', async (_what, last, published) => {
  const lead = new StagedLead(10);
  const stream = new StagedStream(lead, BigInt(last));
  started(lead, stream);
  await lead.told('notePublished 10');
  expect(numbers(stream)).toEqual(published);
});

test('where the stream has come to is compared with the events before anything is published', async () => {
  const lead = new StagedLead(3);
  const stream = new StagedStream(lead, 2n);
  const { log } = started(lead, stream);
  await lead.told('notePublished 3');
  expect(lead.story).toEqual(['end', 'reconcile 2', 'lastNumber', 'after 2', 'publish 2', 'notePublished 3']);
  expect(log).toEqual([]);
});

test('a stream of another life is told', async () => {
  const lead = new StagedLead(3);
  lead.isOtherLife = true;
  const { log } = started(lead, new StagedStream(lead, 2n));
  await lead.told('notePublished 3');
  expect(log).toMatchObject([{ level: 40, number: '2', msg: expect.stringContaining('a life of the database') }]);
});

test.each([
  ['on', 5n],
  ['back', 1n],
])('a stream that has moved %s by itself is asked again and compared: nothing is noted before', async (_where, to) => {
  const lead = new StagedLead(10);
  const stream = new StagedStream(lead, 3n);
  stream.before = async (question, time) => {
    if (question === 'publish' && time === 1) stream.last = to;
  };
  started(lead, stream);
  await lead.told('notePublished 10');
  expect(lead.story).toEqual([
    ...['end', 'reconcile 3', 'lastNumber', 'after 3', 'publish 3'],
    ...['end', `reconcile ${to}`, 'lastNumber', `after ${to}`, `publish ${to}`, 'notePublished 10'],
  ]);
});

test('A5 a stream that fails is told once, asked where it is, and told when it is back', async () => {
  const lead = new StagedLead(2);
  const stream = new StagedStream(lead);
  stream.before = async (question, time) => {
    // The first publication arrives, but its answer does not; then Redis is away.
    if (question === 'publish' && time === 1) stream.last = 1n;
    if (question === 'publish' ? time === 1 : time === 2) throw new Error('the connection is closed');
  };
  const { log } = started(lead, stream);
  await lead.told('notePublished 2');
  expect(lead.story).toEqual([
    ...['end', 'reconcile 0', 'lastNumber', 'after 0', 'publish 0'],
    ...['end', 'lastNumber', 'end', 'reconcile 1', 'lastNumber', 'after 1', 'publish 1', 'notePublished 2'],
  ]);
  expect(log.map(({ level, msg }) => [level, msg])).toEqual([
    [40, 'events cannot be published: they are kept, and published later'],
    [30, 'events are published again'],
  ]);
});

test.each(['lastNumber', 'reconcile', 'after', 'notePublished'] as const)(
  'a lead whose %s fails ends the publishing with that',
  async (method) => {
    const lead = new StagedLead(3, [method]);
    const { running } = started(lead, new StagedStream(lead));
    await expect(running).rejects.toThrow(`${method} failed`);
  },
);

test('what would be trimmed at once is not published', async () => {
  const lead = new StagedLead(1_000);
  const stream = new StagedStream(lead);
  started(lead, stream, 150);
  await lead.told('notePublished 1000');
  expect(numbers(stream)).toEqual(upTo(1_000, 851));
});

test('A5 events that PostgreSQL no longer has are not asked for again and again, and later ones are published', async () => {
  const lead = new StagedLead(10);
  lead.oldest = 11n;
  const stream = new StagedStream(lead);
  const { publisher } = started(lead, stream);
  await lead.told('after 0');
  // In which a busy loop would ask many times.
  await sleep(60);
  expect(lead.story).toEqual(['end', 'reconcile 0', 'lastNumber', 'after 0']);
  lead.add(1);
  publisher.nudge();
  await lead.told('notePublished 11');
  expect(numbers(stream)).toEqual([11]);
});

test.each([
  ['waits for news', async () => {}],
  ['waits for a stream that is away', () => Promise.reject(new Error('the connection is closed'))],
])('a stop ends it at once while it %s', async (_what, before) => {
  const lead = new StagedLead();
  const stream = new StagedStream(lead);
  stream.before = before;
  const { stop } = started(lead, stream);
  await lead.told('lastNumber');
  const story = lead.story.length;
  await stop();
  expect(lead.story).toHaveLength(story);
});
