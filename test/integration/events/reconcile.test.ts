import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { takeEventLead } from '../../../src/database/event-log.ts';
import type { EventLead } from '../../../src/events/ports.ts';
import { testConfig } from '../../support/test-config.ts';
import { createEventRows, type EventRows, type NumberedId } from './event-rows.ts';

// What the leader makes of the end of a stream: the stream of this database, or of one that was put back to an older state.

const EVENTS = 6;
const PUBLISHED = 4;

let rows: EventRows;
let lead: EventLead;
let before: readonly NumberedId[];

beforeAll(async () => {
  rows = await createEventRows();
  const taken = await takeEventLead(testConfig(rows).database, new AbortController().signal);
  if (taken === undefined) throw new Error('there is no lead');
  lead = taken;
});

beforeEach(async () => {
  await rows.query('truncate orders cascade');
  await rows.query('update event_relay set last_number = 0, published_number = 0, published_at = null');
  await rows.place(EVENTS);
  await lead.number(100);
  await lead.notePublished(BigInt(PUBLISHED));
  before = await rows.numbered();
});

afterAll(async () => {
  await lead.release();
  await rows.drop();
});

async function relayRow() {
  const [row] = await rows.query(
    'select last_number::int as last, published_number::int as published from event_relay',
  );
  return row;
}

function idOf(number: number): string {
  return before[number - 1]?.id ?? '';
}

const asItWas = { last: EVENTS, published: PUBLISHED };

test.each([
  ['with the newest event', EVENTS, () => idOf(EVENTS)],
  ['that is behind the events', 2, () => idOf(2)],
  ['whose last entry is gone', 5, () => undefined],
  ['that was lost altogether', 0, () => undefined],
])('a stream %s is of the same life, and nothing changes', async (_what, number, eventId) => {
  expect(await lead.reconcile({ number: BigInt(number), eventId: eventId() })).toBe(false);
  expect(await rows.numbered()).toEqual(before);
  expect(await relayRow()).toEqual(asItWas);
});

test('a stream whose last event was cleaned up in the database is of the same life', async () => {
  await rows.query('delete from order_events where number <= 3');
  expect(await lead.reconcile({ number: 3n, eventId: 'whatever/1' })).toBe(false);
  expect(await rows.numbered()).toEqual(before.slice(3));
  expect(await relayRow()).toEqual(asItWas);
});

const otherLives: readonly (readonly [string, number, string | undefined])[] = [
  ['that is ahead of all numbers', 9, 'lost/1'],
  ['that is ahead of all numbers, and empty', 9, undefined],
  ['that has another event under the newest number', EVENTS, 'lost/1'],
  ['that has another event under a number that was published', 3, 'lost/1'],
];

test.each(otherLives)(
  'behind a stream %s numbers that were not published are given anew, in order, and those that were stay',
  async (_what, number, eventId) => {
    expect(await lead.reconcile({ number: BigInt(number), eventId })).toBe(true);
    expect(await rows.numbered()).toEqual(before.slice(0, PUBLISHED));
    const last = Math.max(EVENTS, number);
    expect(await relayRow()).toEqual({ last, published: Math.max(PUBLISHED, number) });
    // The next number is behind the stream, whatever was taken back.
    expect(await lead.number(100)).toBe(EVENTS - PUBLISHED);
    expect(await rows.numbered()).toEqual([
      ...before.slice(0, PUBLISHED),
      ...before.slice(PUBLISHED).map(({ id }, index) => ({ id, number: last + 1 + index })),
    ]);
  },
);

test('once numbering has gone on behind a stream of another life, that stream is of this one', async () => {
  expect(await lead.reconcile({ number: 9n, eventId: 'lost/1' })).toBe(true);
  await lead.number(100);
  const numbered = await rows.numbered();
  expect(await lead.reconcile({ number: 9n, eventId: 'lost/1' })).toBe(false);
  expect(await rows.numbered()).toEqual(numbered);
});

test('what is noted as published is never more than was numbered', async () => {
  await lead.notePublished(100n);
  expect(await relayRow()).toEqual({ last: EVENTS, published: EVENTS });
});
