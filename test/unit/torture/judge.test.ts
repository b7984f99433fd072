import { status } from '@grpc/grpc-js';
import { expect, test } from '@jest/globals';
import { type Reason, statusTable } from '../../../src/transport/status-table.ts';
import { judge } from '../../torture/judge/judge.ts';
import { violationKinds } from '../../torture/judge/violation.ts';
import { failed, sound, soundWith } from './history-of.ts';
import { foundIn, plantedAs, saidOf } from './planted.ts';
import { plantedInRecords } from './planted-in-records.ts';
import { plantedInTheEnd } from './planted-in-the-end.ts';

const planted = [...plantedInRecords, ...plantedInTheEnd];

test('a run in which all is as it should be has no violation', () => {
  expect(judge(sound)).toEqual([]);
});

test.each(planted)('%s is found, and nothing else', (_what, kind, subjects, said, history) => {
  expect(foundIn(history)).toEqual(plantedAs(kind, subjects));
  expect(saidOf(history)).toMatch(said);
});

test('a key that is known to be dead is told of once', () => {
  const said = saidOf(
    soundWith(failed('create mint', [20, 30], 'UNAVAILABLE'), {
      kind: 'deadKey',
      record: 'create mint',
      waitedMs: 15_000,
    }),
  );
  expect(said.split('\n')).toHaveLength(1);
});

test('a violation of each kind was planted', () => {
  expect(new Set<string>(planted.map(([, kind]) => kind))).toEqual(new Set(Object.keys(violationKinds)));
});

/** What a call of the torture may be refused with, though all is well in the end: what the same key cures. */
const curable: readonly Reason[] = [
  'IDEMPOTENCY_KEY_IN_PROGRESS',
  'OUTCOME_UNKNOWN',
  'STORED_FORM_UNKNOWN',
  'TOO_MANY_WAITERS',
  'TOO_MANY_RUNS',
  'TOO_MANY_CALLS',
  'CALL_LIMIT_EXCEEDED',
  'ORDER_BUSY',
  'SHUTTING_DOWN',
  'DATABASE_UNAVAILABLE',
  'DATABASE_BUSY',
];

test.each(curable)('%s before the answer is sound', (reason) => {
  expect(judge(soundWith(failed('cancel tea', [1, 2], String(status[statusTable[reason].code]), reason)))).toEqual([]);
});

/** Outcomes, and the refusal of a changed request: they have tests of their own. */
const outcomes: readonly Reason[] = ['ORDER_NOT_FOUND', 'ORDER_NOT_CANCELLABLE', 'IDEMPOTENCY_KEY_REUSED'];

const wrong = Object.entries(statusTable).flatMap(([reason, { code }]) =>
  [...curable, ...outcomes].some((right) => right === reason) ? [] : [{ reason, code: String(status[code]) }],
);

test.each(wrong)('$code $reason is wrong for a call of the torture', ({ reason, code }) => {
  const kind = code === 'INTERNAL' ? 'statusUnknown' : 'refusedWrongly';
  expect(foundIn(soundWith(failed('cancel tea', [1, 2], code, reason)))).toEqual(plantedAs(kind, ['cancel tea']));
});
