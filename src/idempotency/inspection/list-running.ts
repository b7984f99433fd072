import type { RunBoard } from '../running/run-board.ts';
import type { RunningCall } from '../running/running-call.ts';
import { describeRecord } from './describe-record.ts';
import type { GetRecordDependencies } from './get-record.ts';
import type { RecordDescription } from './record-description.ts';
import type { ListRecordsRequest } from './request-rules.ts';

export interface ListRunningDependencies extends GetRecordDependencies {
  readonly board: RunBoard;
}

export interface RunningRecords {
  readonly records: readonly RecordDescription[];
  /** Whether Redis could not be asked: then only what runs in this process is known. */
  readonly redisUnavailable: boolean;
  /** How many more there are. */
  readonly leftOut: number;
}

/**
 * A principal's PENDING records, as many as a page has, the longest running first: those of this process, and those that others
 * have announced. An announcement is up to some seconds old, so that each of these records is looked at.
 * @throws a transient fault of the ledger
 */
export async function listRunning(
  principal: string,
  { method, pageSize }: ListRecordsRequest,
  { idempotency, memory, archive, board }: ListRunningDependencies,
): Promise<RunningRecords> {
  const announced = await board.read();
  const policies = idempotency.policies();
  const calls = new Map<string, RunningCall>();
  // Our own last: they are not seconds old.
  for (const call of [...(announced ?? []), ...idempotency.runningCalls()]) {
    if (call.principal === principal && (method ?? call.method) === call.method && policies.has(call.method)) {
      calls.set(call.id, call);
    }
  }
  const longestFirst = [...calls.values()].sort((one, other) => other.ageMs - one.ageMs);
  const shown = longestFirst.slice(0, pageSize);
  // In this order: whoever settles a record in between is found in the ledger.
  const remembered = await Promise.all(
    shown.map(({ id, method }) => memory.look(id, policies.get(method)?.leaseMs ?? 0)),
  );
  const entries = await archive.describe(shown.map(({ id }) => id));
  const records = shown.flatMap((running, index) => {
    const name = { ...running, expiredKeyIsNew: policies.get(running.method)?.expiredKeyIsNew ?? false };
    const record = describeRecord(name, {
      remembered: remembered[index] ?? { kind: 'unavailable' },
      entry: entries.get(running.id),
      running,
    });
    return record?.state === 'PENDING' ? [record] : [];
  });
  const redisUnavailable = announced === undefined || remembered.some(({ kind }) => kind === 'unavailable');
  return { records, redisUnavailable, leftOut: longestFirst.length - shown.length };
}
