import { afterEach, expect, test } from '@jest/globals';
import { pino } from 'pino';
import { EventFeed } from '../../../src/events/event-feed.ts';
import { StagedEvents, silentLogger } from './staged-events.ts';

const feeds: EventFeed[] = [];

function stage(logger = silentLogger) {
  const events = new StagedEvents();
  // News are looked for when the test says so.
  const feed = new EventFeed({ events, intervalMs: 600_000, logger });
  feeds.push(feed);
  return { events, feed };
}

afterEach(async () => {
  await Promise.all(feeds.splice(0).map((feed) => feed.close()));
});

function listenTo(feed: EventFeed, orderId: string) {
  const heard: number[] = [];
  const missed: number[] = [];
  const subscription = feed.listen(orderId, {
    onEvent: ({ sequence }) => void heard.push(sequence),
    onMissed: () => void missed.push(heard.length),
  });
  return { heard, missed, ...subscription };
}

test('a listener hears what is numbered after it has begun, of its own order, in order', async () => {
  const { events, feed } = stage();
  events.add('a', 1);
  const listener = listenTo(feed, 'a');
  await listener.begun;
  events.add('a', 2);
  events.add('b', 1);
  events.add('a', 3);
  feed.nudge();
  await events.asked(2);
  expect(listener.heard).toEqual([2, 3]);
});

test('all listeners together cost one query, however many they are', async () => {
  const { events, feed } = stage();
  const listeners = Array.from({ length: 1_000 }, (_, index) => listenTo(feed, `order-${index}`));
  await Promise.all(listeners.map(({ begun }) => begun));
  await events.asked(1);
  listeners.forEach((_, index) => {
    events.add(`order-${index}`, 1);
  });
  feed.nudge();
  // A thousand are as many as one query gives, so a second one asks whether there are more.
  await events.asked(3);
  expect(listeners.map(({ heard }) => heard)).toEqual(listeners.map(() => [1]));
  expect(events.queries).toEqual({ lastNumber: 1, after: 3 });
  for (const { stop } of listeners) stop();
});

test('nobody listens: nothing is asked, before the first and after the last', async () => {
  const { events, feed } = stage();
  expect(events.queries).toEqual({ lastNumber: 0, after: 0 });
  const listener = listenTo(feed, 'a');
  await listener.begun;
  await events.asked(1);
  expect(feed.listenersNow).toBe(1);
  listener.stop();
  expect(feed.listenersNow).toBe(0);
  feed.nudge();
  await new Promise((resolve) => setImmediate(resolve));
  feed.nudge();
  await new Promise((resolve) => setImmediate(resolve));
  expect(events.queries).toEqual({ lastNumber: 1, after: 1 });
});

test('who comes after the last has gone begins at what is newest then', async () => {
  const { events, feed } = stage();
  const first = listenTo(feed, 'a');
  await first.begun;
  await events.asked(1);
  first.stop();
  feed.nudge();
  await new Promise((resolve) => setImmediate(resolve));
  events.add('a', 1);
  const second = listenTo(feed, 'a');
  await second.begun;
  events.add('a', 2);
  feed.nudge();
  await events.heardBy(() => second.heard.length === 1);
  expect([first.heard, second.heard]).toEqual([[], [2]]);
});

test('of two listeners of one order each hears all, until it stops', async () => {
  const { events, feed } = stage();
  const [staying, leaving] = [listenTo(feed, 'a'), listenTo(feed, 'a')];
  await leaving.begun;
  await events.asked(1);
  events.add('a', 1);
  feed.nudge();
  await events.asked(2);
  leaving.stop();
  events.add('a', 2);
  feed.nudge();
  await events.asked(3);
  expect([staying.heard, leaving.heard]).toEqual([[1, 2], [1]]);
  expect(feed.listenersNow).toBe(1);
});

test('a database that fails for a while costs nobody an event, and one line in the log', async () => {
  const lines: string[] = [];
  const { events, feed } = stage(pino({}, { write: (line: string) => void lines.push(line) }));
  const listener = listenTo(feed, 'a');
  await listener.begun;
  await events.asked(1);
  events.fail = new Error('gone');
  events.add('a', 1);
  feed.nudge();
  await events.asked(2);
  // From now on it is asked first where the numbers are.
  feed.nudge();
  await events.heardBy(() => events.queries.lastNumber === 2);
  events.fail = undefined;
  events.add('a', 2);
  feed.nudge();
  await events.asked(3);
  expect(listener.heard).toEqual([1, 2]);
  expect(lines).toHaveLength(1);
});

test('a listener that begins while the database fails is told so; one that begins when it is back has begun', async () => {
  const { events, feed } = stage();
  events.fail = new Error('gone');
  const first = listenTo(feed, 'a');
  await expect(first.begun).rejects.toThrow('gone');
  events.fail = undefined;
  const second = listenTo(feed, 'a');
  feed.nudge();
  await second.begun;
  events.add('a', 1);
  feed.nudge();
  await events.heardBy(() => second.heard.length > 0);
  expect(second.heard).toEqual([1]);
});

test('it closes while others listen, and asks nothing any more', async () => {
  const { events, feed } = stage();
  const listener = listenTo(feed, 'a');
  await listener.begun;
  await events.asked(1);
  await feed.close();
  events.add('a', 1);
  feed.nudge();
  await new Promise((resolve) => setImmediate(resolve));
  expect(events.queries.after).toBe(1);
  expect(listener.heard).toEqual([]);
});

test('a database that comes back in an older state: listeners hear that they may have missed something, and what is numbered anew', async () => {
  const { events, feed } = stage();
  events.add('a', 1);
  events.add('a', 2);
  const listener = listenTo(feed, 'a');
  await listener.begun;
  await events.asked(1);
  events.fail = new Error('gone');
  feed.nudge();
  await events.asked(2);
  events.fail = undefined;
  events.takeBack();
  feed.nudge();
  await events.asked(3);
  expect(listener.missed).toEqual([0]);
  events.add('a', 2);
  feed.nudge();
  await events.asked(4);
  expect(listener.heard).toEqual([2]);
});
