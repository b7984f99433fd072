import { createHmac, timingSafeEqual } from 'node:crypto';
import { OrderError } from './errors.ts';
import type { OrderQuery } from './ports.ts';

/** What pages are about: a token of one filter is no token of another. */
export type PageFilter = Pick<OrderQuery, 'customerId' | 'states'>;

/** A change in what a token holds; older tokens are then refused, and the caller begins at the first page. */
const TOKEN_VERSION = 1;
const ORDER_ID_BYTES = 16;
const TOKEN_BYTES = 1 + ORDER_ID_BYTES + 32;

/**
 * Page tokens: where a page ended, signed together with its filter (HMAC-SHA-256), so that a token which was altered, made
 * up, or taken from another list is refused.
 */
export class PageTokens {
  readonly #secret: Uint8Array;

  /** @param secret at least 32 bytes, the same in every process */
  constructor(secret: Uint8Array) {
    this.#secret = secret;
  }

  /** The token of the page behind the order with this id. */
  seal(lastOrderId: string, filter: PageFilter): string {
    const position = Buffer.from(lastOrderId.replaceAll('-', ''), 'hex');
    const content = Buffer.concat([Buffer.of(TOKEN_VERSION), position]);
    return Buffer.concat([content, this.#sign(content, filter)]).toString('base64url');
  }

  /**
   * The id of the order behind which the page begins; undefined for the first page.
   * @throws OrderError INVALID_PAGE_TOKEN
   */
  open(token: string, filter: PageFilter): string | undefined {
    if (token === '') {
      return undefined;
    }
    const bytes = Buffer.from(token, 'base64url');
    const content = bytes.subarray(0, 1 + ORDER_ID_BYTES);
    const isOurs =
      bytes.length === TOKEN_BYTES &&
      bytes.toString('base64url') === token &&
      bytes[0] === TOKEN_VERSION &&
      timingSafeEqual(bytes.subarray(content.length), this.#sign(content, filter));
    if (!isOurs) {
      const description =
        'It was altered, or belongs to another customer or other states. Begin with an empty page_token.';
      throw new OrderError('INVALID_PAGE_TOKEN', `The page_token cannot be used. ${description}`, {
        violations: [{ field: 'page_token', description }],
      });
    }
    const hex = content.subarray(1).toString('hex');
    return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
  }

  #sign(content: Uint8Array, { customerId, states }: PageFilter): Buffer {
    const filter = JSON.stringify([customerId, [...states].sort()]);
    return createHmac('sha256', this.#secret).update(content).update(filter).digest();
  }
}
