import { expect, test } from '@jest/globals';
import type { HistoryEvent } from '../../torture/history.ts';
import { judge } from '../../torture/judge/judge.ts';
import {
  entryOf,
  failed,
  flush,
  historyOf,
  insteadOf,
  orderOf,
  placedBy,
  refusedAsReused,
  soundWith,
  tea,
} from './history-of.ts';

const kept = [entryOf('create mint'), orderOf('mint')] as const;

/** What may happen to a key without a promise being broken. */
const stories: readonly (readonly [string, readonly HistoryEvent[]])[] = [
  [
    'retries after all that a client says by itself',
    [
      failed('create mint', [10, 20], 'UNAVAILABLE', 'UNAVAILABLE', { message: 'Connection dropped' }),
      failed('create mint', [30, 90], 'DEADLINE_EXCEEDED'),
      failed('create mint', [100, 101], 'CANCELLED'),
      placedBy('mint', [200, 210]),
      ...kept,
    ],
  ],
  [
    'a stream that was reset in mid call',
    [
      failed('create mint', [10, 20], 'INTERNAL', 'INTERNAL', {
        message: 'Received RST_STREAM with code 0 (Call ended without gRPC status)',
      }),
      failed('create mint', [30, 40], 'INTERNAL', 'INTERNAL', {
        message: 'Received RST_STREAM with code 2 triggered by internal client error: read EPIPE',
      }),
      placedBy('mint', [200, 210]),
      ...kept,
    ],
  ],
  [
    'an answer that was lost on its way, so that all have heard a replay',
    [
      failed('create mint', [10, 20], 'UNAVAILABLE', 'OUTCOME_UNKNOWN'),
      placedBy('mint', [30, 31], { isReplay: true }),
      placedBy('mint', [40, 41], { isReplay: true }),
      ...kept,
    ],
  ],
  [
    'a duplicate that heard the answer before the first call did',
    [placedBy('mint', [10, 60]), placedBy('mint', [20, 30], { isReplay: true }), ...kept],
  ],
  [
    'calls in vain beside one that is answered, and an answer in the end',
    [
      placedBy('mint', [10, 20]),
      failed('create mint', [10, 5_010], 'DEADLINE_EXCEEDED'),
      placedBy('mint', [5_100, 5_101], { isReplay: true }),
      ...kept,
    ],
  ],
  [
    "a request that was refused while another one's was running, and had the key when that had failed",
    [
      failed('create mint', [10, 40], 'UNAVAILABLE', 'SHUTTING_DOWN', { request: 'mint-changed' }),
      refusedAsReused('create mint', 'mint', [20, 30]),
      placedBy('mint', [6_000, 6_010]),
      ...kept,
    ],
  ],
  [
    'a request that was refused at the very time at which it was answered elsewhere',
    [
      failed('create mint', [10, 40], 'UNAVAILABLE', 'SHUTTING_DOWN', { request: 'mint-changed' }),
      placedBy('mint', [20, 50]),
      refusedAsReused('create mint', 'mint', [45, 55]),
      placedBy('mint', [100, 101], { isReplay: true }),
      ...kept,
    ],
  ],
  [
    'a request that asked first, and came second',
    [
      refusedAsReused('create mint', 'mint-late', [10, 40]),
      placedBy('mint', [20, 30]),
      refusedAsReused('create mint', 'mint-late', [50, 60]),
      ...kept,
    ],
  ],
  [
    'a request that differs in what the server does not know',
    [
      placedBy('mint', [10, 20], { request: 'mint' }),
      refusedAsReused('create mint', 'mint-changed', [30, 40]),
      placedBy('mint', [50, 51], { isReplay: true }),
      ...kept,
    ],
  ],
  [
    'two calls without a key',
    [
      placedBy('derived:mint', [10, 20], { request: 'mint', answeredRequest: 'mint' }),
      placedBy('derived:mint', [10, 21], { request: 'mint', answeredRequest: 'mint', isReplay: true }),
      orderOf('derived:mint', { request: 'mint' }),
      entryOf('create derived:mint'),
    ],
  ],
  [
    'an order that was rejected',
    [placedBy('mint', [10, 20]), entryOf('create mint'), orderOf('mint', { state: 'REJECTED' })],
  ],
  [
    'an order that nobody has begun with, and its job',
    [
      placedBy('mint', [10, 20]),
      entryOf('create mint'),
      orderOf('mint', { state: 'PENDING', sequence: 1, events: 1, jobs: 1 }),
    ],
  ],
  [
    'an order that is being processed, and its job',
    [
      placedBy('mint', [10, 20]),
      entryOf('create mint'),
      orderOf('mint', { state: 'PROCESSING', sequence: 2, events: 2, jobs: 1 }),
    ],
  ],
];

test.each(stories)('%s is sound', (_what, events) => {
  expect(judge(soundWith(...events))).toEqual([]);
  expect(judge(historyOf([...events, flush]))).toEqual([]);
});

test('an order that was cancelled after processing had begun is sound', () => {
  expect(judge(insteadOf(tea.order, { ...tea.order, sequence: 3, events: 3 }))).toEqual([]);
});

test('the order in which events were written down does not matter', () => {
  for (const [, events] of stories) {
    expect(judge(historyOf(soundWith(...events).events.toReversed()))).toEqual([]);
  }
});
