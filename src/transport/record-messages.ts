import type { Duration } from '../generated/google/protobuf/duration.ts';
import {
  AnswerPlace as AnswerPlaceMessage,
  KeySource as KeySourceMessage,
  Record as RecordMessage,
  RecordState as RecordStateMessage,
} from '../generated/idempotency/v1/record.ts';
import { type AnswerPlace, type RecordDescription, type RecordState, recordStates } from '../idempotency/index.ts';
import { toTimestamp } from './order-messages.ts';

const FAILURE_CHARACTERS_MAX = 1_000;

const stateMessages: Readonly<Record<RecordState, RecordStateMessage>> = {
  PENDING: RecordStateMessage.RECORD_STATE_PENDING,
  COMPLETED: RecordStateMessage.RECORD_STATE_COMPLETED,
  FAILED: RecordStateMessage.RECORD_STATE_FAILED,
  EXPIRED: RecordStateMessage.RECORD_STATE_EXPIRED,
};

const placeMessages: Readonly<Record<AnswerPlace, AnswerPlaceMessage>> = {
  redisAndLedger: AnswerPlaceMessage.ANSWER_PLACE_REDIS_AND_LEDGER,
  ledger: AnswerPlaceMessage.ANSWER_PLACE_LEDGER,
  nowhere: AnswerPlaceMessage.ANSWER_PLACE_NOWHERE,
};

const sourceMessages: Readonly<Record<RecordDescription['keySource'], KeySourceMessage>> = {
  client: KeySourceMessage.KEY_SOURCE_CLIENT,
  derived: KeySourceMessage.KEY_SOURCE_DERIVED,
};

/** A record as the contract has it. */
export function toRecordMessage(record: RecordDescription): RecordMessage {
  const { owner, fingerprint, failure } = record;
  return {
    method: record.method,
    key: record.key,
    keySource: sourceMessages[record.keySource],
    principal: record.principal,
    state: stateMessages[record.state],
    fingerprint: { version: fingerprint.version, sha256: fingerprint.hash },
    firstAttemptTime: record.firstAttemptTime && toTimestamp(record.firstAttemptTime),
    lastChangeTime: record.lastChangeTime && toTimestamp(record.lastChangeTime),
    expireTime: record.expireTime && toTimestamp(record.expireTime),
    owner: owner && {
      host: owner.process?.host ?? '',
      processId: owner.process?.processId ?? 0,
      age: toDuration(owner.ageMs),
      leaseLeft: toDuration(owner.leaseLeftMs),
    },
    attempts: record.attempts,
    failure: failure && { code: failure.code, message: [...failure.message].slice(0, FAILURE_CHARACTERS_MAX).join('') },
    answerPlace: placeMessages[record.answerPlace],
    note: record.note,
  };
}

/** Tag and length of a record within a page. */
const ENVELOPE_BYTES = 6;

/** How many bytes a record takes within an answer. */
export function recordBytes(record: RecordDescription): number {
  return RecordMessage.encode(toRecordMessage(record)).finish().length + ENVELOPE_BYTES;
}

/** A state in the library's words; a state that the contract does not know stays as it is, for validation to refuse. */
export function fromRecordStateMessage(message: RecordStateMessage): RecordState | RecordStateMessage {
  return recordStates.find((state) => stateMessages[state] === message) ?? message;
}

const MS_PER_SECOND = 1_000;
const NANOS_PER_MS = 1_000_000;

function toDuration(ms: number | undefined): Duration | undefined {
  return ms === undefined
    ? undefined
    : { seconds: BigInt(Math.floor(ms / MS_PER_SECOND)), nanos: (ms % MS_PER_SECOND) * NANOS_PER_MS };
}
