import { IdempotencyError } from './errors.ts';

/** When to come again: work that runs now has mostly ended by then. */
const RETRY_AFTER_MS = 1_000;

/** One question in so many places more: reading one row by its primary key is little beside running a handler. */
const ASKERS_SHARE = 10;

/**
 * The places for calls that do work: run a handler, or ask the ledger. Whoever waits for another call, or is answered from the
 * store, needs none. Nobody waits for a place: more work than the database gets done only makes all of it late.
 */
export class WorkPlaces {
  readonly #placesMax: number;
  /** Behind the others, for questions to the ledger: a call may be a replay, which is served also while all the others work. */
  readonly #reserve: number;
  #taken = 0;

  constructor(placesMax: number) {
    this.#placesMax = placesMax;
    this.#reserve = Math.ceil(placesMax / ASKERS_SHARE);
  }

  /**
   * Takes a place to run a handler in.
   * @returns gives the place back; calling it again does nothing
   * @throws IdempotencyError TOO_MANY_RUNS if there is none
   */
  take(): () => void {
    return this.#takeOneOf(this.#placesMax);
  }

  /**
   * Asks the ledger in a place, of the reserve if need be.
   * @throws IdempotencyError TOO_MANY_RUNS if there is none; what `ask` throws
   */
  async whileAsking<T>(ask: () => Promise<T>): Promise<T> {
    const leave = this.#takeOneOf(this.#placesMax + this.#reserve);
    try {
      return await ask();
    } finally {
      leave();
    }
  }

  #takeOneOf(placesMax: number): () => void {
    if (this.#taken >= placesMax) {
      throw tooManyRuns(this.#placesMax);
    }
    this.#taken += 1;
    let isTaken = true;
    return () => {
      if (isTaken) {
        isTaken = false;
        this.#taken -= 1;
      }
    };
  }
}

/** A call that would be new work where there is more than enough. */
function tooManyRuns(runsMax: number): IdempotencyError {
  return tooMany(`The server works on ${runsMax} calls`, { runsMax: String(runsMax) });
}

/** A call of one more key where there are more than enough, most of them of callers that have gone. */
export function tooManyLeads(leadsMax: number): IdempotencyError {
  return tooMany(`The server has calls of ${leadsMax} keys that have not ended`, { leadsMax: String(leadsMax) });
}

function tooMany(what: string, facts: Readonly<Record<string, string>>): IdempotencyError {
  return new IdempotencyError(
    'TOO_MANY_RUNS',
    `${what}, which is as many as it takes on. Nothing was done. Repeat the call, with the same key if it has one.`,
    { facts, retryAfterMs: RETRY_AFTER_MS },
  );
}
