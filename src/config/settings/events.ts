import { z } from 'zod';
import { count, durationMs } from '../rules/number.ts';
import { setting } from '../setting.ts';

export const eventSettings = {
  streamLengthMax: setting(count('events', { min: 100, max: 100_000_000 }), {
    variable: 'EVENTS_STREAM_LENGTH_MAX',
    default: 100_000,
    reason: 'about 30 MB in Redis, and a quarter of an hour at a hundred events a second',
    meaning: 'How many events the Redis stream keeps; PostgreSQL keeps them longer, and the stream can be rebuilt.',
  }),
  relayIntervalMs: setting(durationMs({ min: 10, max: 2_000 }), {
    variable: 'EVENTS_RELAY_INTERVAL_MS',
    default: 100,
    reason: 'one small query ten times a second, by one process of all',
    meaning: 'How often the relay looks for events of other processes. Those of its own it hears of at once.',
  }),
  feedIntervalMs: setting(durationMs({ min: 10, max: 60_000 }), {
    variable: 'EVENTS_FEED_INTERVAL_MS',
    default: 200,
    reason: 'one query five times a second for all watchers of a process together, and none without watchers',
    meaning: 'How often a process looks for news for its WatchOrder streams.',
  }),
  watchersMax: setting(count('streams', { min: 1, max: 1_000_000 }), {
    variable: 'EVENTS_WATCHERS_MAX',
    default: 10_000,
    reason: 'an idle watcher costs about 30 kB of memory and no query of its own',
    meaning: 'How many streams this process has open at most. More are refused at once with RESOURCE_EXHAUSTED.',
  }),
};

export const eventsRule = z.object(eventSettings).readonly();
