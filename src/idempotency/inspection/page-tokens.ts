import { createHmac, timingSafeEqual } from 'node:crypto';
import { InspectionError } from './inspection-error.ts';
import type { ArchivePlace } from './ports.ts';

/** What pages are about: a token of one list is no token of another, and none of another principal. */
export interface PagedList {
  readonly principal: string;
  readonly method: string | undefined;
  readonly states: readonly string[];
}

/** A change in what a token holds; older tokens are then refused, and the caller begins at the first page. */
const TOKEN_VERSION = 1;
const PLACE_BYTES = 8 + 32;
const TOKEN_BYTES = 1 + PLACE_BYTES + 32;

/** Page tokens: where a page ended, signed together with its list (HMAC-SHA-256). */
export class RecordPageTokens {
  readonly #secret: Uint8Array;

  /** @param secret at least 32 bytes, the same in every process */
  constructor(secret: Uint8Array) {
    this.#secret = secret;
  }

  seal({ settledMs, id }: ArchivePlace, list: PagedList): string {
    const content = Buffer.alloc(1 + PLACE_BYTES);
    content.writeUInt8(TOKEN_VERSION, 0);
    content.writeBigUInt64BE(BigInt(settledMs), 1);
    content.write(id, 9, 'hex');
    return Buffer.concat([content, this.#sign(content, list)]).toString('base64url');
  }

  /**
   * The place behind which the page begins; undefined for the first page.
   * @throws InspectionError INVALID_RECORD_PAGE_TOKEN
   */
  open(token: string, list: PagedList): ArchivePlace | undefined {
    if (token === '') {
      return undefined;
    }
    const bytes = Buffer.from(token, 'base64url');
    const content = bytes.subarray(0, 1 + PLACE_BYTES);
    const isOurs =
      bytes.length === TOKEN_BYTES &&
      bytes.toString('base64url') === token &&
      bytes[0] === TOKEN_VERSION &&
      timingSafeEqual(bytes.subarray(content.length), this.#sign(content, list));
    if (!isOurs) {
      const description =
        'It was altered, or belongs to another caller, other states or another method. Begin with an empty page_token.';
      throw new InspectionError('INVALID_RECORD_PAGE_TOKEN', `The page_token cannot be used. ${description}`, {
        violations: [{ field: 'page_token', description }],
      });
    }
    return { settledMs: Number(content.readBigUInt64BE(1)), id: content.toString('hex', 9) };
  }

  #sign(content: Uint8Array, { principal, method, states }: PagedList): Buffer {
    const list = JSON.stringify([principal, method ?? '', [...states].sort()]);
    return createHmac('sha256', this.#secret).update(content).update(list).digest();
  }
}
