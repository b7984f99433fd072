import { expect, test } from '@jest/globals';
import { busy, changesTo, gone, idle, linesOf, type Page, queued, seen, type Told } from './pages.ts';

/** The two lines of the verdict, after a second reading of the same. */
const verdict = (...told: readonly Told[]) => linesOf(seen(told, told), { columns: 200 }).slice(1, 3);
const withChanges = (changes: Page) => verdict({ ...idle, ...changes });

test('all is well, or was not yet asked', () => {
  expect(verdict(idle)).toEqual(['WELL: PostgreSQL and Redis are there, and nothing is late.', '']);
  expect(withChanges({ orders_queue_oldest: Number.NaN })).toEqual([
    'WELL: PostgreSQL and Redis are there, and of the queue nothing is known yet.',
    '',
  ]);
});

test.each([
  {
    changes: { orders_doubled: 1 },
    lines: ['ORDERS DOUBLED: 1 key placed more than one order.', '-> docs/operations.md, DoubledOrders.'],
  },
  {
    changes: { database_up: 0 },
    lines: ['DATABASE GONE: no order can be placed or read.', '-> npm run doctor; docs/operations.md.'],
  },
  {
    changes: { idempotency_degraded: 1, idempotency_degraded_time_total: 754, [changesTo('open')]: 1 },
    lines: [
      'DEGRADED: calls go without Redis since 03:01:41, 12 min: right, but slower.',
      '-> npm run doctor; docs/operations.md.',
    ],
  },
  {
    changes: { idempotency_degraded: 1, idempotency_degraded_time_total: 754, [changesTo('open')]: 2 },
    lines: ['DEGRADED: calls go without Redis: right, but slower.', '-> npm run doctor; docs/operations.md.'],
  },
  {
    changes: { orders_workers: 0, [queued('due')]: 1_200 },
    lines: [
      'NOT PROCESSED: 1,200 jobs and no worker.',
      '-> npm run worker, or FULFILMENT_ENABLED=true for the service.',
    ],
  },
  {
    changes: { orders_dead_letters: 2 },
    lines: [
      'SET ASIDE: processing has failed for good for 2 orders.',
      '-> npm run doctor shows them, -- --requeue tries them again.',
    ],
  },
  {
    changes: { orders_queue_oldest: 61 },
    lines: ['LATE: a job has waited for 61 s.', '-> npm run doctor says what keeps it; npm run worker adds a worker.'],
  },
  {
    changes: { orders_events_lag: 31 },
    lines: [
      'LATE: an event has not been told for 31 s.',
      '-> npm run doctor looks at the stream, and at who fills it.',
    ],
  },
  {
    changes: { idempotency_ledger_overdue: 7_200 },
    lines: ['NOT CLEANED UP: a row of the ledger is overdue for 2 h.', '-> npm run doctor looks at the clean-up.'],
  },
])('$lines.0', ({ changes, lines }) => {
  expect(withChanges(changes as Page)).toEqual(lines);
});

test('the worst is said first, and the others beside it', () => {
  expect(withChanges({ orders_dead_letters: 1, database_up: 0, orders_events_lag: 40 })).toEqual([
    'DATABASE GONE: no order can be placed or read.',
    '-> npm run doctor; docs/operations.md. Also: 1 order set aside, events are late.',
  ]);
});

test('what cannot be read is said with its reason; where others can, which it is', () => {
  expect(verdict(gone)).toEqual([
    'CANNOT BE READ: http://127.0.0.1:9464/metrics: nothing listens there.',
    '-> start the service.',
  ]);
  expect(verdict(busy(1), gone)[0]).toBe(
    'CANNOT BE READ: 1 of 2 endpoints, http://127.0.0.1:9465/metrics: nothing listens there.',
  );
  expect(verdict({ ...idle, idempotency_degraded: 1 }, idle)[0]).toBe(
    'DEGRADED: calls go without Redis since 03:14:15, 0 s (1 of 2 processes): right, but slower.',
  );
});

test('an answer that does not come is said, and what was known before is still shown', () => {
  const lines = linesOf(seen([idle], [busy(1)], [undefined], [undefined], [undefined]));
  expect(lines[1]).toBe('NO ANSWER: for 3 s from http://127.0.0.1:9464/metrics.');
  expect(lines[4]).toContain('1.2 k');
});
