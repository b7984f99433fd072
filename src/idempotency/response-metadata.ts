import { Metadata, type status } from '@grpc/grpc-js';
import { KEY_HEADER } from './key.ts';
import type { IdempotencyKey } from './record.ts';

export const KEY_SOURCE_HEADER = 'idempotency-key-source';
export const STATUS_HEADER = 'idempotency-status';

/** Whether this call ran the handler, or got what an earlier one had got. */
export type ReplayStatus = 'executed' | 'replayed';

/** Adds what the caller learns about its key: which one counted, where it came from, and what it did. */
export function describeKey(metadata: Metadata, key: IdempotencyKey, replay: ReplayStatus | undefined): Metadata {
  metadata.set(KEY_HEADER, key.value);
  metadata.set(KEY_SOURCE_HEADER, key.source);
  if (replay !== undefined) {
    metadata.set(STATUS_HEADER, replay);
  }
  return metadata;
}

/** Where gRPC carries google.rpc.Status. */
export const DETAILS_HEADER = 'grpc-status-details-bin';

/** Bigger trailers make many clients drop the whole HTTP/2 session, and with it their other calls. */
export const DETAILS_BYTES_MAX = 4_096;

/** The trailers of a stored failure. */
export function failureTrailers(details: Uint8Array): Metadata {
  const metadata = new Metadata();
  if (details.length > 0) {
    metadata.set(DETAILS_HEADER, Buffer.from(details));
  }
  return metadata;
}

/** google.rpc.Status of a failure as the handler sent it; empty if it sent none. */
export function detailsOf(metadata: Metadata | null | undefined): Uint8Array {
  const [details] = metadata?.get(DETAILS_HEADER) ?? [];
  return details instanceof Uint8Array ? details : new Uint8Array();
}

/** A status as a server sends it. */
export interface CallStatus {
  readonly code: status;
  readonly details: string;
  readonly metadata?: Metadata | null | undefined;
}

/** A status without what only the service says of a key: a handler that passes another service's trailers on must not. */
export function withoutOurs(sent: CallStatus): CallStatus {
  const metadata = sent.metadata?.clone();
  for (const name of [KEY_HEADER, KEY_SOURCE_HEADER, STATUS_HEADER]) metadata?.remove(name);
  return { ...sent, metadata };
}
