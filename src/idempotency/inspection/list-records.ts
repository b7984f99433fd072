import type { RecordState } from '../record-life.ts';
import { describeRecord } from './describe-record.ts';
import type { GetRecordDependencies } from './get-record.ts';
import { type ListRunningDependencies, listRunning, type RunningRecords } from './list-running.ts';
import type { RecordPageTokens } from './page-tokens.ts';
import type { ArchivedState, ArchivePlace } from './ports.ts';
import type { RecordDescription } from './record-description.ts';
import { checkQuestion, type ListRecordsRequest } from './request-rules.ts';

export interface ListRecordsDependencies extends ListRunningDependencies {
  readonly pageTokens: RecordPageTokens;
  /** How large the records of a page may be when they are sent, and how much of it one takes. */
  readonly bytesMax: number;
  readonly bytesOf: (record: RecordDescription) => number;
}

export interface RecordPage {
  readonly records: readonly RecordDescription[];
  /** Empty on the last page. */
  readonly nextPageToken: string;
  readonly redisUnavailable: boolean;
  /** How many more are PENDING. */
  readonly runningLeftOut: number;
}

const archivedStates: readonly ArchivedState[] = ['COMPLETED', 'FAILED', 'EXPIRED'];
const nothingRunning: RunningRecords = { records: [], redisUnavailable: false, leftOut: 0 };

/**
 * Lists a principal's records: those that run on the first page, then the settled ones, newest first.
 * @throws InspectionError INVALID_RECORD_REQUEST, INVALID_RECORD_PAGE_TOKEN; a transient fault of the ledger
 */
export async function listRecords(
  principal: string,
  question: unknown,
  dependencies: ListRecordsDependencies,
): Promise<RecordPage> {
  const { rules, pageTokens, bytesMax, bytesOf } = dependencies;
  const request = checkQuestion(rules.listRecords, question);
  const list = { principal, method: request.method, states: request.states };
  const after = pageTokens.open(request.pageToken, list);
  const isFirst = after === undefined;
  const running =
    isFirst && isAsked(request, 'PENDING') ? await listRunning(principal, request, dependencies) : nothingRunning;
  const settled = await listSettled(principal, request, after, dependencies);
  const stillRunning = running.records.filter((one) => !settled.records.some(({ record }) => isSame(one, record)));
  // The settled ones have their half of the page.
  const runningShown = withinBytes(stillRunning, bytesMax / 2, bytesOf);
  const settledShown = withinBytes(settled.records, bytesMax / 2, ({ record }) => bytesOf(record));
  const next = settledShown.length < settled.records.length ? settledShown.at(-1)?.place : settled.next;
  return {
    records: [...runningShown, ...settledShown.map(({ record }) => record)],
    nextPageToken: next === undefined ? '' : pageTokens.seal(next, list),
    redisUnavailable: running.redisUnavailable || settled.redisUnavailable,
    runningLeftOut: running.leftOut + stillRunning.length - runningShown.length,
  };
}

/** Whoever was settled between the two looks is told of once. */
function isSame(one: RecordDescription, other: RecordDescription): boolean {
  return one.method === other.method && one.key === other.key;
}

async function listSettled(
  principal: string,
  request: ListRecordsRequest,
  after: ArchivePlace | undefined,
  { archive, memory, idempotency }: GetRecordDependencies,
) {
  const states = archivedStates.filter((state) => isAsked(request, state));
  if (states.length === 0) {
    return { records: [], next: undefined, redisUnavailable: false };
  }
  const { method, pageSize } = request;
  const { entries, next } = await archive.list({ principal, method, states, limit: pageSize, after });
  const policies = idempotency.policies();
  const looks = await Promise.all(entries.map(({ id, method }) => memory.look(id, policies.get(method)?.leaseMs ?? 0)));
  const records = entries.flatMap((entry, index) => {
    const remembered = looks[index] ?? { kind: 'unavailable' };
    const expiredKeyIsNew = policies.get(entry.method)?.expiredKeyIsNew ?? false;
    const record = describeRecord({ ...entry, principal, expiredKeyIsNew }, { remembered, entry, running: undefined });
    // An expired one that runs anew is no longer settled.
    return record === undefined || record.state === 'PENDING'
      ? []
      : [{ record, place: { settledMs: entry.settledMs, id: entry.id } }];
  });
  return { records, next, redisUnavailable: looks.some(({ kind }) => kind === 'unavailable') };
}

function isAsked({ states }: ListRecordsRequest, state: RecordState): boolean {
  return states.length === 0 || states.includes(state);
}

/** The first of them, as many as can be sent; one always can. */
function withinBytes<T>(items: readonly T[], bytesMax: number, bytesOf: (item: T) => number): readonly T[] {
  let bytes = 0;
  const end = items.findIndex((item, index) => {
    bytes += bytesOf(item);
    return index > 0 && bytes > bytesMax;
  });
  return end === -1 ? items : items.slice(0, end);
}
