import { Client, credentials, Metadata, type MethodDefinition, status } from '@grpc/grpc-js';
import { BadRequest, ErrorInfo, ResourceInfo, RetryInfo } from '../../src/generated/google/rpc/error_details.ts';
import { Status } from '../../src/generated/google/rpc/status.ts';
import type { RawRequest } from './raw-request.ts';

/** Everything that a caller can see of a call. */
export interface CallResult {
  readonly code: status;
  readonly message: string;
  /** The answer's bytes as they came over the wire; undefined if there was no answer. */
  readonly response: Buffer | undefined;
  /** Initial metadata and trailers together. */
  readonly metadata: Metadata;
  /** Whether there was initial metadata, after which clients do not retry by themselves. */
  readonly hadHeaders: boolean;
  readonly errorInfo: ErrorInfo | undefined;
  readonly retryInfo: RetryInfo | undefined;
  readonly badRequest: BadRequest | undefined;
  readonly resourceInfo: ResourceInfo | undefined;
}

export interface CallOptions {
  readonly key?: string | undefined;
  readonly metadata?: Metadata;
  readonly deadlineMs?: number;
  /** Cancels the call when it is aborted. */
  readonly signal?: AbortSignal;
}

/** A client for calls of any method, without retries of its own. */
export function createClient(port: number, options: Record<string, string | number> = {}): Client {
  return new Client(`127.0.0.1:${port}`, credentials.createInsecure(), { 'grpc.enable_retries': 0, ...options });
}

/** Makes a unary call and never rejects: a status is a result like any other. */
export function unaryCall<Request, Response>(
  client: Client,
  method: MethodDefinition<Request, Response>,
  request: Request | RawRequest,
  { key, metadata = new Metadata(), deadlineMs = 20_000, signal }: CallOptions = {},
): Promise<CallResult> {
  if (key !== undefined) {
    metadata.set('idempotency-key', key);
  }
  const serialize = (value: Request | RawRequest) =>
    typeof value === 'object' && value !== null && 'rawBytes' in value
      ? value.rawBytes
      : method.requestSerialize(value);
  return new Promise((resolve) => {
    let response: Buffer | undefined;
    const seen = new Metadata();
    let hadHeaders = false;
    const call = client.makeUnaryRequest(
      method.path,
      serialize,
      (bytes: Buffer) => bytes,
      request,
      metadata,
      { deadline: Date.now() + deadlineMs },
      (_error, value) => {
        response = value;
      },
    );
    call.on('metadata', (headers) => {
      hadHeaders = true;
      seen.merge(headers);
    });
    call.on('status', ({ code, details, metadata: trailers }) => {
      seen.merge(trailers);
      // The callback comes in the same turn as the status.
      setImmediate(() =>
        resolve({ code, message: details, response, metadata: seen, hadHeaders, ...decodeDetails(trailers) }),
      );
    });
    signal?.addEventListener('abort', () => call.cancel(), { once: true });
  });
}

/** The details of a status, as far as they are of the kinds that we send. */
export function decodeDetails(trailers: Metadata) {
  const [bytes] = trailers.get('grpc-status-details-bin');
  const details = bytes instanceof Uint8Array ? Status.decode(bytes).details : [];
  const find = <T>(name: string, message: { decode(bytes: Uint8Array): T }): T | undefined => {
    const any = details.find(({ typeUrl }) => typeUrl === `type.googleapis.com/google.rpc.${name}`);
    return any && message.decode(any.value);
  };
  return {
    errorInfo: find('ErrorInfo', ErrorInfo),
    retryInfo: find('RetryInfo', RetryInfo),
    badRequest: find('BadRequest', BadRequest),
    resourceInfo: find('ResourceInfo', ResourceInfo),
  };
}

/** The value of a response metadata entry, if there is exactly one. */
export function metadataValue(result: CallResult, name: string): string | undefined {
  const values = result.metadata.get(name);
  return values.length === 1 ? String(values[0]) : undefined;
}

export { status };
