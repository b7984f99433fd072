import { createHmac, randomBytes } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { OrderError } from '../../../src/orders/errors.ts';
import { type PageFilter, PageTokens } from '../../../src/orders/page-token.ts';

const secret = randomBytes(32);
const tokens = new PageTokens(secret);
const filter: PageFilter = { customerId: 'customer', states: ['PENDING', 'CONFIRMED'] };
const orderId = '0190f5c2-1c3d-7a4b-8c9d-0123456789ab';
const token = tokens.seal(orderId, filter);

function open(text: string, using_: PageFilter = filter): string | undefined {
  return tokens.open(text, using_);
}

test('a token leads to the order that it was made for', () => {
  expect(open(token)).toBe(orderId);
  expect(token).toMatch(/^[A-Za-z0-9_-]{1,512}$/);
});

test('no token is the first page', () => {
  expect(open('')).toBeUndefined();
});

test('the states may come in another order', () => {
  expect(open(token, { ...filter, states: ['CONFIRMED', 'PENDING'] })).toBe(orderId);
});

test('another process with the same secret reads the token, one with another secret does not', () => {
  expect(new PageTokens(secret).open(token, filter)).toBe(orderId);
  expect(() => new PageTokens(randomBytes(32)).open(token, filter)).toThrow(OrderError);
});

const bytes = Buffer.from(token, 'base64url');

test.each([...bytes.keys()])('a token that was altered in byte %d is refused', (index) => {
  for (let bit = 0; bit < 8; bit += 1) {
    const altered = Buffer.from(bytes);
    altered[index] = (altered[index] ?? 0) ^ (1 << bit);
    expect(() => open(altered.toString('base64url'))).toThrow(OrderError);
  }
});

test.each([...bytes.keys()])('a token that was cut behind byte %d is refused', (length) => {
  const cut = bytes.subarray(0, length).toString('base64url');
  if (length > 0) expect(() => open(cut)).toThrow(OrderError);
  else expect(cut).toBe('');
});

describe('a token is refused that', () => {
  test.each([
    ['has bytes behind it', Buffer.concat([bytes, Buffer.of(0)]).toString('base64url')],
    ['has padding', `${token}==`],
    ['is written in plain base64 with other characters', `${token.slice(0, -1)}+`],
    ['has a blank behind it', `${token} `],
    ['is some text', 'the next page'],
    ['is the id itself', orderId],
  ])('%s', (_name, text) => {
    expect(() => open(text)).toThrow(OrderError);
  });

  test.each([
    ['another customer', { ...filter, customerId: 'customer2' }],
    ['fewer states', { ...filter, states: ['PENDING'] }],
    ['more states', { ...filter, states: ['PENDING', 'CONFIRMED', 'REJECTED'] }],
    ['all states', { ...filter, states: [] }],
  ] satisfies [string, PageFilter][])('belongs to %s', (_name, other) => {
    expect(() => open(token, other)).toThrow(OrderError);
  });

  test.each([0, 2, 255])('has the form %d, although its signature is right', (form) => {
    const content = Buffer.concat([Buffer.of(form), bytes.subarray(1, 17)]);
    const signed = JSON.stringify(['customer', ['CONFIRMED', 'PENDING']]);
    const signature = createHmac('sha256', secret).update(content).update(signed).digest();
    expect(() => open(Buffer.concat([content, signature]).toString('base64url'))).toThrow(OrderError);
  });
});

test('the signature of that test is the right one: the present form is accepted', () => {
  const content = bytes.subarray(0, 17);
  const signed = JSON.stringify(['customer', ['CONFIRMED', 'PENDING']]);
  const signature = createHmac('sha256', secret).update(content).update(signed).digest();
  expect(open(Buffer.concat([content, signature]).toString('base64url'))).toBe(orderId);
});

test('a filter cannot be written so that it reads as another one', () => {
  const tricky = tokens.seal(orderId, { customerId: '","PENDING', states: [] });
  expect(() => open(tricky, { customerId: '', states: ['PENDING'] })).toThrow(OrderError);
});

test('the refusal names the field and says what to do', () => {
  const description = 'It was altered, or belongs to another customer or other states. Begin with an empty page_token.';
  expect(() => open('x')).toThrow(
    expect.objectContaining({ reason: 'INVALID_PAGE_TOKEN', violations: [{ field: 'page_token', description }] }),
  );
});
