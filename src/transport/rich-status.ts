import { Metadata } from '@grpc/grpc-js';
import { BadRequest, ErrorInfo, ResourceInfo, RetryInfo } from '../generated/google/rpc/error_details.ts';
import { Status } from '../generated/google/rpc/status.ts';
import { type CallStatus, DETAILS_BYTES_MAX, DETAILS_HEADER } from '../idempotency/index.ts';
import type { FieldViolation } from '../orders/errors.ts';
import type { Fault } from './fault.ts';
import { statusTable } from './status-table.ts';

/** Where gRPC clients that retry by themselves read how long to wait (gRFC A6). */
const PUSHBACK_HEADER = 'grpc-retry-pushback-ms';

/** Texts from outside are cut to so many bytes of UTF-8, so that all of them together stay below the limit. */
const MESSAGE_BYTES_MAX = 512;
const FACT_BYTES_MAX = 256;
const VIOLATION_BYTES_MAX = 300;
const ELLIPSIS = '…';

export interface RichStatus extends CallStatus {
  readonly metadata: Metadata;
}

/** Builds what is sent for a fault: status, google.rpc.Status with its details, and the pushback for retrying clients. */
export function richStatus(fault: Fault): RichStatus {
  const { code } = statusTable[fault.reason];
  const message = cut(fault.message, MESSAGE_BYTES_MAX);
  const metadata = new Metadata();
  metadata.set(DETAILS_HEADER, encodeDetails(fault, message));
  if (fault.retryAfterMs !== undefined) {
    metadata.set(PUSHBACK_HEADER, String(Math.ceil(fault.retryAfterMs)));
  }
  return { code, details: message, metadata };
}

function encodeDetails(fault: Fault, message: string): Buffer {
  const { code, domain } = statusTable[fault.reason];
  const facts = Object.entries(fault.facts ?? {}).map(([name, value]) => [name, cut(value, FACT_BYTES_MAX)] as const);
  const details = [
    any('ErrorInfo', ErrorInfo.encode({ reason: fault.reason, domain, metadata: new Map(facts) }).finish()),
  ];
  if (fault.retryAfterMs !== undefined) {
    const delayMs = Math.ceil(fault.retryAfterMs);
    const retryDelay = { seconds: BigInt(Math.floor(delayMs / 1_000)), nanos: (delayMs % 1_000) * 1e6 };
    details.push(any('RetryInfo', RetryInfo.encode({ retryDelay }).finish()));
  }
  if (fault.resource !== undefined) {
    const resourceType = fault.resource.type;
    const resourceName = cut(fault.resource.name, FACT_BYTES_MAX);
    details.push(
      any('ResourceInfo', ResourceInfo.encode({ resourceType, resourceName, owner: '', description: '' }).finish()),
    );
  }
  const encode = (violations: readonly FieldViolation[]) => {
    const badRequest = BadRequest.encode({ fieldViolations: violations.map(toProtoViolation) }).finish();
    const all = violations.length === 0 ? details : [...details, any('BadRequest', badRequest)];
    return Buffer.from(Status.encode({ code, message, details: all }).finish());
  };
  return encodeWithinLimit(fault.violations ?? [], encode);
}

/** As many violations as fit; behind them, how many there are more. */
function encodeWithinLimit(
  violations: readonly FieldViolation[],
  encode: (violations: readonly FieldViolation[]) => Buffer,
): Buffer {
  const whole = encode(violations.slice(0, 100));
  if (whole.length <= DETAILS_BYTES_MAX && violations.length <= 100) {
    return whole;
  }
  let shown = Math.min(violations.length, 100);
  for (;;) {
    const more = { field: '*', description: `There are ${violations.length - shown} more violations.` };
    const encoded = encode([...violations.slice(0, shown), more]);
    if (encoded.length <= DETAILS_BYTES_MAX || shown === 0) {
      return encoded;
    }
    shown = Math.floor(shown * (DETAILS_BYTES_MAX / encoded.length) * 0.95);
  }
}

function toProtoViolation({ field, description }: FieldViolation) {
  return {
    field: cut(field, VIOLATION_BYTES_MAX),
    description: cut(description, VIOLATION_BYTES_MAX),
    reason: '',
    localizedMessage: undefined,
  };
}

function any(name: string, value: Uint8Array) {
  return { typeUrl: `type.googleapis.com/google.rpc.${name}`, value };
}

/** Cuts a text between code points; half of a surrogate pair would turn the status into another one on the wire. */
function cut(text: string, bytesMax: number): string {
  const wellFormed = text.toWellFormed();
  if (Buffer.byteLength(wellFormed) <= bytesMax) {
    return wellFormed;
  }
  let kept = '';
  let bytes = Buffer.byteLength(ELLIPSIS);
  for (const character of wellFormed) {
    bytes += Buffer.byteLength(character);
    if (bytes > bytesMax) {
      break;
    }
    kept += character;
  }
  return kept + ELLIPSIS;
}
