import type { Fingerprint } from '../fingerprint.ts';
import type { ProcessIdentity } from '../own-process.ts';
import type { KeySource } from '../record.ts';
import type { RecordState } from '../record-life.ts';

/** From where a repeated call gets the outcome. */
export type AnswerPlace = 'redisAndLedger' | 'ledger' | 'nowhere';

/** What is told of a record to the one whose it is: never its answer. What is undefined is not known, or not there. */
export interface RecordDescription {
  readonly principal: string;
  readonly method: string;
  readonly key: string;
  readonly keySource: KeySource;
  readonly state: RecordState;
  readonly fingerprint: Fingerprint;
  readonly firstAttemptTime: Date | undefined;
  readonly lastChangeTime: Date | undefined;
  readonly expireTime: Date | undefined;
  readonly owner: RecordOwner | undefined;
  readonly attempts: number | undefined;
  readonly failure: { readonly code: number; readonly message: string } | undefined;
  readonly answerPlace: AnswerPlace;
  /** A sentence for people, or nothing. */
  readonly note: string;
}

/** Who runs the call of a PENDING record. */
export interface RecordOwner {
  readonly process: ProcessIdentity | undefined;
  readonly ageMs: number | undefined;
  readonly leaseLeftMs: number | undefined;
}
