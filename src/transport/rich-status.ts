import { Metadata } from '@grpc/grpc-js';
import { BadRequest, ErrorInfo, ResourceInfo, RetryInfo } from '../generated/google/rpc/error_details.ts';
import { Status } from '../generated/google/rpc/status.ts';
import { type CallStatus, DETAILS_HEADER } from '../idempotency/index.ts';
import type { FieldViolation } from '../orders/errors.ts';
import type { Fault } from './fault.ts';
import { statusTable } from './status-table.ts';

/** Where gRPC clients that retry by themselves read how long to wait (gRFC A6). */
const PUSHBACK_HEADER = 'grpc-retry-pushback-ms';

/** Bigger trailers make many clients drop the whole HTTP/2 session, and with it their other calls. */
export const DETAILS_BYTES_MAX = 4_096;

const MESSAGE_CHARACTERS_MAX = 512;
const FACT_CHARACTERS_MAX = 255;
const VIOLATION_CHARACTERS_MAX = 300;

export interface RichStatus extends CallStatus {
  readonly metadata: Metadata;
}

/** Builds what is sent for a fault: status, google.rpc.Status with its details, and the pushback for retrying clients. */
export function richStatus(fault: Fault): RichStatus {
  const { code } = statusTable[fault.reason];
  const message = cut(fault.message, MESSAGE_CHARACTERS_MAX);
  const metadata = new Metadata();
  metadata.set(DETAILS_HEADER, encodeDetails(fault, message));
  if (fault.retryAfterMs !== undefined) {
    metadata.set(PUSHBACK_HEADER, String(Math.ceil(fault.retryAfterMs)));
  }
  return { code, details: message, metadata };
}

function encodeDetails(fault: Fault, message: string): Buffer {
  const { code, domain } = statusTable[fault.reason];
  const facts = Object.entries(fault.facts ?? {}).map(
    ([name, value]) => [name, cut(value, FACT_CHARACTERS_MAX)] as const,
  );
  const details = [
    any('ErrorInfo', ErrorInfo.encode({ reason: fault.reason, domain, metadata: new Map(facts) }).finish()),
  ];
  if (fault.retryAfterMs !== undefined) {
    const retryDelay = {
      seconds: BigInt(Math.floor(fault.retryAfterMs / 1_000)),
      nanos: Math.floor(fault.retryAfterMs % 1_000) * 1e6,
    };
    details.push(any('RetryInfo', RetryInfo.encode({ retryDelay }).finish()));
  }
  if (fault.resource !== undefined) {
    const { type: resourceType, name: resourceName } = fault.resource;
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
    field: cut(field, VIOLATION_CHARACTERS_MAX),
    description: cut(description, VIOLATION_CHARACTERS_MAX),
    reason: '',
    localizedMessage: undefined,
  };
}

function any(name: string, value: Uint8Array) {
  return { typeUrl: `type.googleapis.com/google.rpc.${name}`, value };
}

/** Cuts a text between code points; half of a surrogate pair would turn the status into another one on the wire. */
function cut(text: string, charactersMax: number): string {
  const wellFormed = text.toWellFormed();
  if (wellFormed.length <= charactersMax) {
    return wellFormed;
  }
  return `${[...wellFormed].slice(0, charactersMax - 1).join('')}…`;
}
