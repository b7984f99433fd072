import { expect, test } from '@jest/globals';
import { numberOf, readEntry } from '../../../src/client/stream-entry.ts';
import { toStreamFields } from '../../../src/events/stream-entry.ts';
import type { NumberedEvent } from '../../../src/orders/order-event.ts';
import { transitions } from '../../../src/orders/transitions.ts';
import { toEventMessage } from '../../../src/transport/event-messages.ts';

const changes = [{ from: undefined, to: 'PENDING' as const }, ...transitions];
const times = ['2026-01-31T23:59:59.999Z', '1969-12-31T23:59:59.001Z', '2026-01-01T00:00:00.000Z'];
const reasons = ['', 'out of stock', 'a "quote", a \\ and\na line break', 'Ünïcödé 🫖', '\u0000'];

test.each(changes)(
  'what the relay writes of a change from $from to $to is what callers of WatchOrder get',
  ({ from, to }) => {
    for (const [at, reason] of reasons.entries()) {
      const event: NumberedEvent = {
        number: 7n,
        orderId: '019a0000-0000-7000-8000-000000000001',
        sequence: from === undefined ? 1 : 2,
        previousState: from,
        state: to,
        reason,
        time: new Date(times[at % times.length] ?? ''),
      };
      expect(readEntry(toStreamFields(event))).toEqual({ kind: 'event', event: toEventMessage(event) });
    }
  },
);

test('fields that a newer service may add are ignored', () => {
  const [event] = [{ orderId: 'o', sequence: 1, previousState: undefined, state: 'PENDING' as const, reason: '' }];
  const fields = [...toStreamFields({ ...event, number: 1n, time: new Date(0) }), 'traceparent', '00-1-2-3'];
  expect(readEntry(fields)).toMatchObject({ kind: 'event' });
});

test.each([
  ['17-0', 17n],
  ['0-0', 0n],
  ['17-1', undefined],
  ['-0', undefined],
  ['1.5-0', undefined],
  ['18446744073709551615-0', undefined],
])('the id %s has the number %s', (id, number) => {
  expect(numberOf(id)).toBe(number);
});
