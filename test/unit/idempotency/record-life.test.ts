import { expect, test } from '@jest/globals';
import { recordStates, recordTransitions } from '../../../src/idempotency/record-life.ts';
import { beginRows } from '../../integration/idempotency/scripts/begin-rows.ts';
import { claimRows } from '../../integration/idempotency/scripts/claim-rows.ts';
import type { Fields, ScriptRow } from '../../integration/idempotency/scripts/script-row.ts';
import { settleRows } from '../../integration/idempotency/scripts/settle-rows.ts';

/** What the tests of the scripts show on a real Redis. EXPIRED is known to the ledger alone. */
const shown = [...beginRows, ...claimRows, ...settleRows]
  .filter(({ after }) => after !== 'untouched')
  .map(arrowOf)
  .filter((arrow) => !arrow.endsWith('ABSENT to ABSENT'));

/** The table has a script for whatever it does to a record; a claim of another's is taken over from PENDING to PENDING. */
const told = recordTransitions
  .filter(({ from, by }) => by !== 'time' && from !== 'EXPIRED')
  .map(({ from, to, by }) => `${by}: ${from} to ${to}`);

test('the scripts do to a record what the table of its life says, and nothing else', () => {
  expect([...new Set(shown)].sort()).toEqual([...new Set(told)].sort());
});

test('a record can come to each of its states, and leave it', () => {
  for (const state of recordStates) {
    expect([state, recordTransitions.some(({ from, to }) => to === state && from !== state)]).toEqual([state, true]);
    expect([state, recordTransitions.some(({ from, to }) => from === state && to !== state)]).toEqual([state, true]);
  }
});

function arrowOf({ script, before, after }: ScriptRow): string {
  const from = typeof before === 'function' ? stateIn(before(0)) : 'ABSENT';
  return `${script}: ${from} to ${after === 'absent' ? 'ABSENT' : stateOf(after)}`;
}

function stateOf(after: ScriptRow['after']): string {
  // What only has to end is a claim, by any lease.
  return typeof after === 'object' ? stateIn(after) : 'PENDING';
}

function stateIn(fields: Fields): string {
  return fields['state'] ?? 'no record';
}
