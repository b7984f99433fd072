import { isAlive, leads } from './local-runs.ts';
import type { AttemptState, LedgerRow, Outcome, Phase, RedisRecord, State } from './state.ts';

// A state as one whole number, so that millions of them can be told apart quickly: its parts are the digits, each in a base that
// is the number of its values.

/** More would not fit into the numbers. */
export const ATTEMPTS_MAX = 3;

const phases = numbered<Phase>([
  'idle',
  'asking',
  'waiting',
  'following',
  'readingLedger',
  'readingDespiteClaim',
  'readingDespiteRun',
  'runningHandler',
  'committing',
  'readingRival',
  'answering',
  'answered',
  'refused',
  'ended',
]);
const statements = numbered<AttemptState['statement']>(['none', 'ok', 'failed']);
const results = numbered<AttemptState['result']>(['none', 'committed', 'conflict']);
const behinds = numbered<AttemptState['behind']>(['none', 'settle', 'release']);
const orders = numbered<AttemptState['order']>(['none', 'live', 'past']);
const leases = numbered<Extract<RedisRecord, { kind: 'pending' }>['lease']>(['running', 'over', 'forgotten']);
const ages = numbered<LedgerRow['age']>(['live', 'expired', 'forgotten']);

const OUTCOMES = 1 + 2 * ATTEMPTS_MAX;
const RECORDS = 2 + 3 * ATTEMPTS_MAX + OUTCOMES;
/** How many states of an attempt there can be at most that are really reached. */
const ATTEMPT_STATES_MAX = 8_192;

/** Numbers states; equal states get equal numbers, others do not. */
export class StateNumbers {
  /** Most of an attempt's possible states are never reached; those that are get small numbers. */
  readonly #attempts = new Map<number, number>();

  numberOf(state: State): number {
    let number = storesNumber(state) * RECORDS + recordNumber(state.replica);
    for (const attempt of state.attempts) {
      number = number * ATTEMPT_STATES_MAX + this.#smallNumber(attemptNumber(attempt));
    }
    if (!Number.isSafeInteger(number)) {
      throw new RangeError(`the number ${number} of a state is too large to be exact`);
    }
    return number;
  }

  #smallNumber(attempt: number): number {
    let small = this.#attempts.get(attempt);
    if (small === undefined) {
      small = this.#attempts.size;
      this.#attempts.set(attempt, small);
    }
    if (small >= ATTEMPT_STATES_MAX) {
      throw new RangeError(`an attempt has more than ${ATTEMPT_STATES_MAX} states`);
    }
    return small;
  }
}

/** What Redis and the ledger have, and which policy there is. */
export function storesNumber({ redis, row, expiredIsNew }: State): number {
  return (rowNumber(row) * RECORDS + recordNumber(redis)) * 2 + Number(expiredIsNew);
}

function attemptNumber(attempt: AttemptState): number {
  // Where an attempt ran does not matter any more once it is over.
  let number = isAlive(attempt) ? attempt.process : 0;
  number = number * phases.size + phases.of(attempt.phase);
  number = number * OUTCOMES + outcomeNumber(attempt.outcome);
  number = number * statements.size + statements.of(attempt.statement);
  number = number * results.size + results.of(attempt.result);
  number = number * behinds.size + behinds.of(attempt.behind);
  number = number * orders.size + orders.of(attempt.order);
  number = number * 2 + Number(attempt.hasRival && leads(attempt.phase));
  return (number * 2 + Number(attempt.lateBegin)) * 2 + Number(attempt.request === 'b');
}

function recordNumber(record: RedisRecord): number {
  switch (record.kind) {
    case 'absent':
      return 0;
    case 'foreign':
      return 1;
    case 'pending':
      return 2 + record.owner * leases.size + leases.of(record.lease);
    case 'settled':
      return 2 + leases.size * ATTEMPTS_MAX + outcomeNumber(record.outcome);
    default:
      throw new Error(`unknown record ${JSON.stringify(record satisfies never)}`);
  }
}

function rowNumber(row: LedgerRow | undefined): number {
  return row === undefined ? 0 : outcomeNumber(row.outcome) * ages.size + ages.of(row.age);
}

function outcomeNumber(outcome: Outcome | undefined): number {
  return outcome === undefined ? 0 : 1 + outcome.by * 2 + Number(outcome.kind === 'ok');
}

/** Values by their place in a list. */
function numbered<Value extends string>(values: readonly Value[]) {
  const places = new Map(values.map((value, index) => [value, index]));
  return { size: values.length, of: (value: Value): number => places.get(value) ?? 0 };
}
