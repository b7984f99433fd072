import type { Idempotency } from '../idempotency.ts';
import { recordId } from '../record.ts';
import { describeRecord } from './describe-record.ts';
import { InspectionError } from './inspection-error.ts';
import type { RecordArchive, RecordMemory } from './ports.ts';
import type { RecordDescription } from './record-description.ts';
import { checkQuestion, type GetRecordRequest, type InspectionRules } from './request-rules.ts';

export interface GetRecordDependencies {
  readonly idempotency: Pick<Idempotency, 'policies' | 'runningCalls'>;
  readonly memory: RecordMemory;
  readonly archive: RecordArchive;
  readonly rules: InspectionRules;
}

export interface FoundRecord {
  readonly record: RecordDescription;
  /** Whether Redis could not be asked. */
  readonly redisUnavailable: boolean;
}

/**
 * Tells what is known of a principal's record.
 * @throws InspectionError INVALID_RECORD_REQUEST, RECORD_NOT_FOUND; a transient fault of the ledger
 */
export async function getRecord(
  principal: string,
  question: unknown,
  { idempotency, memory, archive, rules }: GetRecordDependencies,
): Promise<FoundRecord> {
  const { method, key } = checkQuestion(rules.getRecord, question);
  const policy = idempotency.policies().get(method);
  if (policy === undefined) {
    throw new Error(`${method} passed as a protected method, and is none`);
  }
  const id = recordId(principal, method, key);
  // In this order: whoever settles the record in between is found in the ledger.
  const running = idempotency.runningCalls().find((call) => call.id === id);
  const remembered = await memory.look(id, policy.leaseMs);
  const entry = (await archive.describe([id])).get(id);
  const name = { principal, method, key, expiredKeyIsNew: policy.expiredKeyIsNew };
  const record = describeRecord(name, { remembered, entry, running });
  const redisUnavailable = remembered.kind === 'unavailable';
  if (record === undefined) {
    throw notFound({ method, key }, redisUnavailable);
  }
  return { record, redisUnavailable };
}

function notFound({ method, key }: GetRecordRequest, redisUnavailable: boolean): InspectionError {
  const doubt = redisUnavailable ? ' Redis could not be asked: an attempt of another process may be running.' : '';
  return new InspectionError(
    'RECORD_NOT_FOUND',
    `There is no record of the idempotency key ${JSON.stringify(key)} for ${method}.${doubt}`,
    {
      facts: { method, key, redisUnavailable: String(redisUnavailable) },
      resource: { type: 'idempotency.v1.Record', name: key },
    },
  );
}
