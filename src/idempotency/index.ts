/** What users of the library need: a server's composition root, its handlers, and the adapters of its database. */
export type { Attempt } from './attempt.ts';
export type { CallStep, CallTrace } from './call-trace.ts';
export { type ContractMethods, contractMethods, readContract, requirePolicy } from './contract.ts';
export { IdempotencyError, type IdempotencyReason } from './errors.ts';
export type { Fingerprint } from './fingerprint.ts';
export { ANONYMOUS, Idempotency, type IdempotencyOptions } from './idempotency.ts';
export { type FoundRecord, getRecord } from './inspection/get-record.ts';
export { InspectionError, type InspectionReason } from './inspection/inspection-error.ts';
export { type ListRecordsDependencies, listRecords, type RecordPage } from './inspection/list-records.ts';
export { RecordPageTokens } from './inspection/page-tokens.ts';
export {
  type ArchivedEntry,
  type ArchivedState,
  type ArchivePage,
  type ArchiveQuery,
  noMemory,
  type RecordArchive,
  type RecordMemory,
} from './inspection/ports.ts';
export type { AnswerPlace, RecordDescription } from './inspection/record-description.ts';
export { inspectionRules } from './inspection/request-rules.ts';
export type { CommitResult, CommitWork, Ledger, LedgerEntry, LedgerRow } from './ledger.ts';
export { expiredIsNew } from './ledger-verdict.ts';
export { noStore } from './no-store.ts';
export { type Outcome, STORED_FORM } from './outcome.ts';
export type { ProcessIdentity } from './own-process.ts';
export type { Pause, PausePoint } from './pause-points.ts';
export { type MethodPolicy, PolicyError } from './policy.ts';
export type { RecordIdentity } from './record.ts';
export { type RecordState, type RecordTransition, recordStates, recordTransitions } from './record-life.ts';
export { RedisStore, type RedisStoreOptions } from './redis/redis-store.ts';
export type { IdempotencyEvent, Report } from './reporter.ts';
export { type CallStatus, DETAILS_BYTES_MAX, DETAILS_HEADER } from './response-metadata.ts';
export { RunAnnouncer } from './running/run-announcer.ts';
export { noRunBoard, type RunBoard } from './running/run-board.ts';
export { Seal } from './running/seal.ts';
export type { Store } from './store.ts';
