import type { Metadata } from '@grpc/grpc-js';
import { IdempotencyError } from './errors.ts';
import type { Fingerprint } from './fingerprint.ts';
import type { MethodPolicy } from './policy.ts';
import type { IdempotencyKey } from './record.ts';

/** The request metadata that carries the caller's key, and the response metadata that echoes the key that counted. */
export const KEY_HEADER = 'idempotency-key';

/** Longer keys are refused: the bound that the IETF draft on the Idempotency-Key header leaves to the server. */
const KEY_CHARACTERS_MAX = 255;

/** Visible ASCII without comma: a comma is what HTTP joins repeated headers with. */
const KEY_PATTERN = /^[\x21-\x2b\x2d-\x7e]+$/;

/** The IETF draft writes the key as a structured-field string, in quotes; the quotes are no part of the key. */
const QUOTED_PATTERN = /^"(.*)"$/;

/**
 * Takes the caller's key from the request metadata, without its quotes, if there is one.
 * @throws IdempotencyError IDEMPOTENCY_KEY_INVALID if there is more than one value or the value is not a key
 */
export function callersKey(metadata: Metadata): IdempotencyKey | undefined {
  const values = metadata.get(KEY_HEADER);
  if (values.length === 0) {
    return undefined;
  }
  const [value] = values;
  if (values.length > 1 || typeof value !== 'string') {
    throw invalid(`it was sent ${values.length} times`, 'Send it once.');
  }
  const read = parseKey(value);
  if (read.kind === 'fault') {
    throw invalid(read.what, read.advice);
  }
  return { value: read.key, source: 'client' };
}

/** A key as a caller writes it, without its quotes; or what is wrong with it, and what to do. */
export type ParsedKey =
  | { readonly kind: 'key'; readonly key: string }
  | { readonly kind: 'fault'; readonly what: string; readonly advice: string };

export function parseKey(value: string): ParsedKey {
  const key = QUOTED_PATTERN.exec(value)?.[1] ?? value;
  if (key.length === 0) {
    return { kind: 'fault', what: 'it is empty', advice: 'Send a key of 1 to 255 characters, or none at all.' };
  }
  if (key.length > KEY_CHARACTERS_MAX) {
    return { kind: 'fault', what: `it has ${key.length} characters`, advice: `Send at most ${KEY_CHARACTERS_MAX}.` };
  }
  if (key.includes(',')) {
    const advice = 'Send one key, once: repeated headers reach the server joined by commas.';
    return { kind: 'fault', what: 'it has a comma', advice };
  }
  if (!KEY_PATTERN.test(key) || key.includes('"')) {
    const what = 'it has a character other than visible ASCII, or a quote';
    return { kind: 'fault', what, advice: 'A UUID is a good key.' };
  }
  return { kind: 'key', key };
}

/**
 * Chooses the key that counts for a call: the caller's, else one derived from the request.
 * @throws IdempotencyError IDEMPOTENCY_KEY_INVALID, or IDEMPOTENCY_KEY_REQUIRED where the policy asks for the caller's own
 */
export function chooseKey(metadata: Metadata, fingerprint: Fingerprint, policy: MethodPolicy): IdempotencyKey {
  const key = callersKey(metadata);
  if (key !== undefined) {
    return key;
  }
  if (policy.keyRequired) {
    throw new IdempotencyError(
      'IDEMPOTENCY_KEY_REQUIRED',
      `This method needs the request metadata ${KEY_HEADER}, and the call has none. Send a key, and the same key with every ` +
        'retry. A key with a blank at its edge never arrives.',
      { facts: { header: KEY_HEADER } },
    );
  }
  return { value: derivedKey(fingerprint), source: 'derived' };
}

/** The key of a call that has none of its own. */
export function derivedKey(fingerprint: Fingerprint): string {
  return `sha256-${fingerprint.hash}`;
}

function invalid(what: string, advice: string): IdempotencyError {
  return new IdempotencyError(
    'IDEMPOTENCY_KEY_INVALID',
    `The request metadata ${KEY_HEADER} is no key: ${what}. ${advice}`,
    {
      facts: { header: KEY_HEADER, fault: what },
    },
  );
}
