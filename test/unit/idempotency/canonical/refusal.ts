import type { Canonicalizer } from '../../../../src/idempotency/canonical/canonicalizer.ts';
import { MalformedMessageError } from '../../../../src/idempotency/canonical/malformed-message-error.ts';
import { toHex } from './wire.ts';

/** The reason for which `work` refuses its bytes, or `accepted`. Any other error is thrown on. */
export function refusal(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    if (error instanceof MalformedMessageError) {
      return error.reason;
    }
    throw error;
  }
  return 'accepted';
}

/** The canonical form in hexadecimal digits, or undefined if the bytes are refused. Any other error is thrown on. */
export function canonicalOrRefusal(canonicalize: Canonicalizer['canonicalize'], bytes: Uint8Array): string | undefined {
  let form: string | undefined;
  refusal(() => {
    form = toHex(canonicalize(bytes).message);
  });
  return form;
}
