import type { Remembered } from '../inspection/ports.ts';
import { STORED_FORM } from '../outcome.ts';
import { parseProcess } from '../own-process.ts';
import type { BeginReply } from '../store.ts';

/** Those of gRPC, but for OK. */
const FAILURE_CODE = /^([1-9]|1[0-6])$/;

/** A reply that is not one of those which the scripts' contracts name, or that is about another record. */
export class ReplyError extends Error {
  override readonly name = 'ReplyError';
}

/**
 * Checks that a reply is about the record it was asked for, and takes the rest: after a reconnect, replies have been known to
 * reach the wrong command.
 */
function partsOf(reply: unknown, id: string): [outcome: string, ...parts: unknown[]] {
  if (!Array.isArray(reply) || text(reply[0]) !== id) {
    throw new ReplyError(`The reply is not about the record ${id}.`);
  }
  const [, outcome, ...parts] = reply;
  return [text(outcome), ...parts];
}

/** Reads the reply of `begin`. @throws ReplyError */
export function decodeBegin(reply: unknown, id: string): BeginReply {
  const [outcome, ...parts] = partsOf(reply, id);
  switch (outcome) {
    case 'ACQUIRED':
      return { kind: 'acquired', takeover: text(parts[0]) === 'TAKEOVER' };
    case 'IN_PROGRESS':
      return { kind: 'inProgress', claim: text(parts[0]), leaseLeftMs: integer(parts[1]) };
    case 'COMPLETED':
      return { kind: 'settled', outcome: { kind: 'completed', response: bytes(parts[0]), ...traceIn(parts[1]) } };
    case 'FAILED':
      return decodeFailure(parts);
    case 'LEDGER':
    case 'FOREIGN':
      return { kind: 'askLedger' };
    case 'MISMATCH':
      return { kind: 'mismatch', isSettled: text(parts[0]) === 'SETTLED' };
    default:
      throw new ReplyError(`The reply ${JSON.stringify(outcome)} is none of begin.`);
  }
}

/** Reads the reply of a script that only owners may run. @throws ReplyError */
export function decodeClaim(reply: unknown, id: string): 'done' | 'lost' {
  const [outcome] = partsOf(reply, id);
  switch (outcome) {
    case 'DONE':
      return 'done';
    case 'LOST':
      return 'lost';
    default:
      throw new ReplyError(`The reply ${JSON.stringify(outcome)} is neither DONE nor LOST.`);
  }
}

/**
 * Reads the reply of `look`. What a record has in its fields may be anybody's: what is no fingerprint or no number is not known.
 * @throws ReplyError
 */
export function decodeLook(reply: unknown, id: string): Remembered {
  const [outcome, ...parts] = partsOf(reply, id);
  switch (outcome) {
    case 'ABSENT':
    case 'FOREIGN':
      return { kind: 'nothing' };
    case 'CLAIMED':
    case 'COMPLETED':
    case 'FAILED':
      return decodeRemembered(outcome, parts.map(text));
    default:
      throw new ReplyError(`The reply ${JSON.stringify(outcome)} is none of look.`);
  }
}

function decodeRemembered(
  outcome: 'CLAIMED' | 'COMPLETED' | 'FAILED',
  [hash = '', version = '', first, attempts, ...rest]: readonly string[],
): Remembered {
  if (!/^[0-9a-f]{64}$/.test(hash) || !/^\d{1,5}$/.test(version)) {
    return { kind: 'nothing' };
  }
  const common = {
    fingerprint: { version: Number(version), hash },
    firstAttemptMs: ifNumber(first),
    attempts: ifNumber(attempts, 9),
  };
  if (outcome === 'CLAIMED') {
    const [process = '', claimed, age, left] = rest;
    return {
      kind: 'claimed',
      ...common,
      process: parseProcess(process),
      claimedMs: ifNumber(claimed),
      ageMs: ifNumber(age),
      leaseLeftMs: ifNumber(left) ?? 0,
    };
  }
  const [form, kept] = rest;
  return { kind: 'settled', ...common, state: outcome, isKeptHere: kept === 'here' && form === String(STORED_FORM) };
}

/** @param digitsMax 14: milliseconds until the year 5138; some who read Timestamps stop before the year 10000 */
function ifNumber(part = '', digitsMax = 14): number | undefined {
  return /^\d+$/.test(part) && part.length <= digitsMax ? Number(part) : undefined;
}

/** What has no code of a failure was not stored by us, under whatever name: no answer, and no reason to mistrust the connection. */
function decodeFailure([code, message, details, trace]: readonly unknown[]): BeginReply {
  const digits = text(code);
  return FAILURE_CODE.test(digits)
    ? {
        kind: 'settled',
        outcome: {
          kind: 'failed',
          code: Number(digits),
          message: text(message),
          details: bytes(details),
          ...traceIn(trace),
        },
      }
    : { kind: 'askLedger' };
}

/** Empty is what was not traced. */
function traceIn(part: unknown): { readonly traceParent?: string } {
  const traceParent = text(part);
  return traceParent === '' ? {} : { traceParent };
}

function bytes(part: unknown): Buffer {
  if (Buffer.isBuffer(part)) {
    return part;
  }
  throw new ReplyError(`The reply has ${typeof part} where bytes belong.`);
}

function text(part: unknown): string {
  return bytes(part).toString('utf8');
}

function integer(part: unknown): number {
  const value = Number(Buffer.isBuffer(part) ? part.toString('latin1') : part);
  if (!Number.isSafeInteger(value)) {
    throw new ReplyError('The reply has no number where one belongs.');
  }
  return value;
}
