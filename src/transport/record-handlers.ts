import type { IdempotencyServiceServer } from '../generated/idempotency/v1/idempotency_service.ts';
import {
  getRecord,
  type Idempotency,
  inspectionRules,
  type ListRecordsDependencies,
  listRecords,
} from '../idempotency/index.ts';
import { fromRecordStateMessage, recordBytes, toRecordMessage } from './record-messages.ts';
import type { ToStatus } from './status.ts';
import { unaryHandler } from './unary-handler.ts';

export interface RecordHandlerDependencies
  extends Pick<ListRecordsDependencies, 'memory' | 'archive' | 'board' | 'pageTokens'> {
  readonly idempotency: Pick<Idempotency, 'principalOf' | 'policies' | 'runningCalls'>;
  /** How large an answer may be. */
  readonly responseBytesMax: number;
  readonly toStatus: ToStatus;
}

/** The page token and the other fields of the message, generously. */
const PAGE_OVERHEAD_BYTES = 1_024;

/**
 * idempotency.v1.IdempotencyService: from messages to the library, and back. It tells of the methods that are protected when it is made,
 * and to each caller of nobody's records but its own.
 */
export function createRecordHandlers(dependencies: RecordHandlerDependencies): IdempotencyServiceServer {
  const { idempotency, toStatus } = dependencies;
  const rules = inspectionRules(idempotency.policies().keys());
  const bytesMax = dependencies.responseBytesMax - PAGE_OVERHEAD_BYTES;
  return {
    getRecord: unaryHandler(async (call) => {
      const principal = idempotency.principalOf(call);
      const { record, redisUnavailable } = await getRecord(principal, call.request, { ...dependencies, rules });
      return { record: toRecordMessage(record), redisUnavailable };
    }, toStatus),

    listRecords: unaryHandler(async (call) => {
      const question = { ...call.request, states: call.request.states.map(fromRecordStateMessage) };
      const page = await listRecords(idempotency.principalOf(call), question, {
        ...dependencies,
        rules,
        bytesMax,
        bytesOf: recordBytes,
      });
      return { ...page, records: page.records.map(toRecordMessage) };
    }, toStatus),
  };
}
