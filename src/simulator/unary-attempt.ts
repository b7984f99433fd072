import { createHash } from 'node:crypto';
import { type Client, Metadata, type MethodDefinition, status } from '@grpc/grpc-js';
import { ErrorInfo, RetryInfo } from '../generated/google/rpc/error_details.ts';
import { Status } from '../generated/google/rpc/status.ts';

/** What a caller has heard. */
export interface Answer {
  readonly code: status;
  readonly message: string;
  /** The bytes of the answer, for OK. */
  readonly bytes: Buffer | undefined;
  /** The reason in the error's details; without, DETAILS_MISSING if the service should have given some, else the name of the code. */
  readonly reason: string;
  /** Equal for equal answers: made of the bytes, or of an error's code, message and details. */
  readonly hash: string;
  readonly isReplay: boolean;
  /** The key that counted, as the server has said. */
  readonly countedKey: string | undefined;
  /** When to come again, if the server has said so. */
  readonly retryAfterMs: number | undefined;
  readonly tookMs: number;
}

export interface AttemptOptions {
  /** Undefined: none is sent. */
  readonly key: string | undefined;
  /** Default: 10 s. */
  readonly deadlineMs?: number;
  /** When the caller changes its mind; default: never. */
  readonly cancelAfterMs?: number | undefined;
}

const DEADLINE_MS = 10_000;

/** Makes one call and never rejects. */
export function attempt<Request>(
  client: Client,
  { path, requestSerialize }: Pick<MethodDefinition<Request, unknown>, 'path' | 'requestSerialize'>,
  request: Request,
  { key, deadlineMs = DEADLINE_MS, cancelAfterMs }: AttemptOptions,
): Promise<Answer> {
  const metadata = new Metadata();
  if (key !== undefined) {
    metadata.set('idempotency-key', key);
  }
  const beganAtMs = performance.now();
  return new Promise((resolve) => {
    let bytes: Buffer | undefined;
    const heard = new Metadata();
    const call = client.makeUnaryRequest(
      path,
      requestSerialize,
      (response: Buffer) => response,
      request,
      metadata,
      { deadline: Date.now() + deadlineMs },
      (_error, response) => {
        bytes = response;
      },
    );
    const change = cancelAfterMs === undefined ? undefined : setTimeout(() => call.cancel(), cancelAfterMs);
    call.on('metadata', (headers) => heard.merge(headers));
    call.on('status', ({ code, details: message, metadata: trailers }) => {
      clearTimeout(change);
      heard.merge(trailers);
      // A client that makes the status itself has no trailers; a server before it looked at the key tells none.
      const isOfService = trailers.get('idempotency-key').length > 0;
      const tookMs = performance.now() - beganAtMs;
      // The callback comes in the same turn as the status.
      setImmediate(() => resolve({ ...toAnswer({ code, message, isOfService }, bytes, heard), tookMs }));
    });
  });
}

interface Ending {
  readonly code: status;
  readonly message: string;
  /** Whether the service itself has said so. */
  readonly isOfService: boolean;
}

function toAnswer({ code, message, isOfService }: Ending, bytes: Buffer | undefined, metadata: Metadata) {
  const [value] = metadata.get('grpc-status-details-bin');
  const detailBytes = value instanceof Uint8Array ? value : Buffer.alloc(0);
  const details = readDetails(detailBytes);
  if (details === undefined) {
    return {
      code,
      message,
      bytes: undefined,
      reason: 'DETAILS_UNREADABLE',
      hash: hashOf(failureContent(code, message, detailBytes)),
      countedKey: undefined,
      isReplay: false,
      retryAfterMs: undefined,
    };
  }
  const find = (name: string) => details.find(({ typeUrl }) => typeUrl === `type.googleapis.com/google.rpc.${name}`);
  const info = find('ErrorInfo');
  const retry = find('RetryInfo');
  const delay = retry && RetryInfo.decode(retry.value).retryDelay;
  const content = code === status.OK && bytes !== undefined ? [bytes] : failureContent(code, message, detailBytes);
  return {
    code,
    message,
    bytes: code === status.OK ? bytes : undefined,
    reason: info === undefined ? reasonWithoutDetails(code, isOfService) : ErrorInfo.decode(info.value).reason,
    hash: hashOf(content),
    countedKey: metadata.get('idempotency-key')[0]?.toString(),
    isReplay: metadata.get('idempotency-status')[0] === 'replayed',
    retryAfterMs: delay && Number(delay.seconds) * 1_000 + delay.nanos / 1e6,
  };
}

/** The service always says why something is not OK. */
function reasonWithoutDetails(code: status, isOfService: boolean): string {
  return isOfService && code !== status.OK ? 'DETAILS_MISSING' : String(status[code]);
}

/** @returns undefined if the bytes are no google.rpc.Status */
function readDetails(bytes: Uint8Array): Status['details'] | undefined {
  try {
    return Status.decode(bytes).details;
  } catch {
    return undefined;
  }
}

/** What makes two failures equal. */
export function failureContent(code: number, message: string, details: Uint8Array): readonly (string | Uint8Array)[] {
  return [`${code} ${message}\n`, details];
}

/** The first 128 bits of SHA-256. */
export function hashOf(content: readonly (string | Uint8Array)[]): string {
  const hash = createHash('sha256');
  for (const part of content) {
    hash.update(part);
  }
  return hash.digest('base64url').slice(0, 22);
}
