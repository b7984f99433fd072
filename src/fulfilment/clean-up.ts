import { setTimeout as sleep } from 'node:timers/promises';

/** A kind of rows that are no longer needed. */
export interface Remains {
  /** As it stands in the log. */
  readonly name: string;
  /** Begins a run over them, oldest first. */
  begin(): DeleteSome;
}

/** Deletes some of the next of them, at most so many. */
export type DeleteSome = (limit: number) => Promise<{ readonly rows: number; readonly isMore: boolean }>;

export interface CleanUpOptions {
  readonly remains: readonly Remains[];
  readonly batchRows: number;
  readonly pauseMs: number;
  /** After this a run ends, whatever is left: the next one goes on. */
  readonly runLimitMs: number;
}

/**
 * Deletes what is no longer needed, in small batches with a rest after each, so that neither calls nor the disk notice.
 * @returns how many rows were deleted, by kind
 */
export async function cleanUp(options: CleanUpOptions, signal: AbortSignal): Promise<Readonly<Record<string, number>>> {
  const { remains, batchRows, pauseMs, runLimitMs } = options;
  const endMs = performance.now() + runLimitMs;
  const deleted: Record<string, number> = {};
  for (const kind of remains) {
    if (signal.aborted) {
      break;
    }
    const { name } = kind;
    const deleteSome = kind.begin();
    let isMore = false;
    do {
      const batch = await deleteSome(batchRows);
      isMore = batch.isMore;
      deleted[name] = (deleted[name] ?? 0) + batch.rows;
      await sleep(pauseMs, undefined, { signal }).catch(() => {});
    } while (isMore && performance.now() < endMs && !signal.aborted);
  }
  return deleted;
}
