import { randomUUID } from 'node:crypto';
import type { Metadata } from '@grpc/grpc-js';

/** Names a call in both parties' logs. Taken from the caller if it sends one, and sent back with every answer. */
export const REQUEST_ID_HEADER = 'x-request-id';

const REQUEST_ID_PATTERN = /^[\x21-\x7e]{1,128}$/;

/** Gives a call its id, where all later steps find it. An id that is no id is replaced: it is not worth refusing a call. */
export function assignRequestId(metadata: Metadata): string {
  const [value] = metadata.get(REQUEST_ID_HEADER);
  const requestId = typeof value === 'string' && REQUEST_ID_PATTERN.test(value) ? value : randomUUID();
  metadata.set(REQUEST_ID_HEADER, requestId);
  return requestId;
}

export function requestIdIn(metadata: Metadata): string {
  return String(metadata.get(REQUEST_ID_HEADER)[0] ?? '');
}
