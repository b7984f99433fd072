import { z } from 'zod';
import type { CommitResult } from '../idempotency/index.ts';
import type { Database } from './database.ts';
import { CommitUnknownError, DatabaseError } from './database-error.ts';
import { GroupCommit } from './group-commit.ts';
import { PLACE_ORDERS, type Placement, placementsJson } from './placement-statement.ts';
import type { AtLeastOne, Remedy } from './settle-group.ts';
import { isRaceLost, sqlStates } from './sql-state.ts';

/** How large a group becomes, and for how long the next one waits for it. */
export const groupLimits = {
  /** A statement for more takes longer, without costing each order less. */
  membersMax: 128,
  /** Of answers: orders with a hundred items each come in smaller groups. */
  bytesMax: 256 * 1_024,
  /** A group takes milliseconds. Behind one that takes longer, nobody waits any more. */
  overdueMs: 50,
};

/** A group that waits for somebody else's entry so long falls apart, so that the others in it do not wait for it too. */
const GROUP_LOCK_TIMEOUT_MS = 100;

/** Of a group that fell apart, so many are tried at the same time. With as many groups, reads keep a third of the connections. */
const ALONE_MAX = 2;

export interface PlacementsOptions {
  /** How long an expired ledger entry is remembered. */
  readonly memoryMs: number;
  /** How long an order waits for a lock that only itself needs. */
  readonly lockTimeoutMs: number;
  /** How long an order waits for its turn. */
  readonly connectTimeoutMs: number;
  readonly poolSize: number;
  /** Told of each group that was committed. */
  readonly onGroup?: (size: number) => void;
  /** Shows the commit of a group in the traces of those of its members that have one. */
  readonly traceGroup?: <T>(traceParents: readonly string[], work: () => Promise<T>) => Promise<T>;
}

const resultRule = z.tuple([z.object({ lost: z.array(z.string()) })]);

/** Places orders in groups, each by one statement. */
export class Placements {
  readonly #database: Database;
  readonly #options: PlacementsOptions;
  readonly #groups: GroupCommit<Placement, CommitResult>;

  constructor(database: Database, options: PlacementsOptions) {
    this.#database = database;
    this.#options = options;
    const { connectTimeoutMs, poolSize } = options;
    this.#groups = new GroupCommit<Placement, CommitResult>({
      commit: (placements) => this.#commitTraced(placements),
      keyOf: ({ entry }) => entry.record.id,
      bytesOf,
      remedyFor: (error, tookMs) => this.#remedyFor(error, tookMs),
      ...groupLimits,
      groupsMax: Math.max(1, Math.floor(poolSize / 3)),
      aloneMax: ALONE_MAX,
      waitLimitMs: connectTimeoutMs,
      tooLate: () =>
        new DatabaseError(
          'DATABASE_BUSY',
          `The order has waited ${connectTimeoutMs} ms for its turn. Nothing was done. Repeat the call with the same key.`,
          undefined,
          { connectTimeoutMs: String(connectTimeoutMs) },
        ),
    });
  }

  /** @throws DatabaseError if it is certain that the order was not placed, CommitUnknownError if it is not */
  commit(placement: Placement): Promise<CommitResult> {
    return this.#groups.commit(placement);
  }

  #commitTraced(placements: AtLeastOne<Placement>): Promise<(placement: Placement) => CommitResult> {
    const { traceGroup } = this.#options;
    const traceParents = placements.flatMap(({ entry }) => entry.outcome.traceParent ?? []);
    const commit = () => this.#commitTogether(placements);
    return traceGroup === undefined || traceParents.length === 0 ? commit() : traceGroup(traceParents, commit);
  }

  async #commitTogether(placements: AtLeastOne<Placement>): Promise<(placement: Placement) => CommitResult> {
    const { memoryMs, lockTimeoutMs } = this.#options;
    const entryPatienceMs = placements.length === 1 ? lockTimeoutMs : Math.min(lockTimeoutMs, GROUP_LOCK_TIMEOUT_MS);
    const rows = await this.#database.runPrepared({
      name: 'place_orders',
      text: PLACE_ORDERS,
      values: [placementsJson(placements, memoryMs), `${entryPatienceMs}ms`, `${lockTimeoutMs}ms`],
    });
    const result = resultRule.safeParse(rows);
    if (!result.success) {
      // Committed it is, whatever was said.
      throw new CommitUnknownError(result.error);
    }
    this.#options.onGroup?.(placements.length);
    const [{ lost }] = result.data;
    return ({ entry }) => (lost.includes(entry.record.id) ? 'conflict' : 'committed');
  }

  #remedyFor(error: unknown, tookMs: number): Remedy {
    if (!(error instanceof DatabaseError)) {
      return 'none';
    }
    if (error.facts['sqlState'] === sqlStates.lockNotAvailable) {
      // Who has waited so long has not waited for an entry, but for something that all of them need.
      return tookMs < this.#options.lockTimeoutMs ? 'alone' : 'none';
    }
    if (isRaceLost(error)) {
      return 'alone';
    }
    return error.reason === 'DATABASE_REFUSED' ? 'halves' : 'none';
  }
}

function bytesOf({ entry: { outcome } }: Placement): number {
  return outcome.kind === 'completed' ? outcome.response.length : 0;
}
