import { status } from '@grpc/grpc-js';
import { isReason, statusTable } from '../../../src/transport/status-table.ts';
import type { CallEvent } from '../history.ts';
import type { Violation } from './violation.ts';

/** What a call may end with: an outcome, a refusal with its cause, or a trouble that the same key cures. */
const rightReasons: ReadonlySet<string> = new Set([
  'ORDER_NOT_FOUND',
  'ORDER_NOT_CANCELLABLE',
  'IDEMPOTENCY_KEY_REUSED',
  'IDEMPOTENCY_KEY_IN_PROGRESS',
  'OUTCOME_UNKNOWN',
  'STORED_FORM_UNKNOWN',
  'TOO_MANY_WAITERS',
  'TOO_MANY_RUNS',
  'TOO_MANY_CALLS',
  'CALL_LIMIT_EXCEEDED',
  'ORDER_BUSY',
  'SHUTTING_DOWN',
  'DATABASE_UNAVAILABLE',
  'DATABASE_BUSY',
]);

/** What a client says by itself when its connection breaks, its deadline passes, or it has cancelled. */
const clientCodes: ReadonlySet<string> = new Set(['UNAVAILABLE', 'DEADLINE_EXCEEDED', 'CANCELLED']);

/** grpc-js calls a stream that was reset in mid call so, depending on how far it had come. A fault of the server has other words. */
const isBrokenStream = ({ code, message }: CallEvent) =>
  code === 'INTERNAL' && message.startsWith('Received RST_STREAM with code ');

/** Whether the client has said so itself: without details the name of the code is the reason. */
const isOfClient = (call: CallEvent) =>
  call.reason === call.code && (clientCodes.has(call.code) || isBrokenStream(call));

const isOfContract = ({ code, reason }: CallEvent) => isReason(reason) && status[statusTable[reason].code] === code;

/** Every status is one that the contract names, or one that a client makes when a connection breaks. */
export function* judgeStatus(call: CallEvent): Generator<Violation> {
  const { record, code, reason, message } = call;
  if (code === 'OK' || isOfClient(call) || (isOfContract(call) && rightReasons.has(reason))) {
    return;
  }
  const kind = code === 'INTERNAL' || !isOfContract(call) ? 'statusUnknown' : 'refusedWrongly';
  yield { kind, subject: record, what: `${code} ${reason}: ${message.slice(0, 200)}` };
}
