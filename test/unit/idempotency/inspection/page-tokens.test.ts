import { randomBytes } from 'node:crypto';
import { expect, test } from '@jest/globals';
import { type PagedList, RecordPageTokens } from '../../../../src/idempotency/inspection/page-tokens.ts';

const secret = randomBytes(32);
const tokens = new RecordPageTokens(secret);
const list: PagedList = { principal: 'ann', method: undefined, states: ['PENDING', 'FAILED'] };
const place = { settledMs: 1_700_000_000_123, id: 'a1'.repeat(32) };
const token = tokens.seal(place, list);
const refusal = expect.objectContaining({
  reason: 'INVALID_RECORD_PAGE_TOKEN',
  violations: [{ field: 'page_token', description: expect.any(String) }],
});

test('a token leads to the place that it was made for, in every process, and no token to the first page', () => {
  expect(new RecordPageTokens(secret).open(token, { ...list, states: ['FAILED', 'PENDING'] })).toEqual(place);
  expect(token).toMatch(/^[A-Za-z0-9_-]{1,512}$/);
  expect(tokens.open('', list)).toBeUndefined();
});

const bytes = Buffer.from(token, 'base64url');

test.each([...bytes.keys()])('a token that was altered in byte %d, or cut behind it, is refused', (index) => {
  const altered = Buffer.from(bytes);
  altered[index] = (altered[index] ?? 0) ^ 1;
  expect(() => tokens.open(altered.toString('base64url'), list)).toThrow(refusal);
  expect(() => tokens.open(bytes.subarray(0, Math.max(index, 1)).toString('base64url'), list)).toThrow(refusal);
});

test.each([
  ['padding', `${token}==`],
  ['more bytes', Buffer.concat([bytes, Buffer.of(0)]).toString('base64url')],
  ['a text that is none', 'the next page'],
])('%s is refused', (_what, text) => {
  expect(() => tokens.open(text, list)).toThrow(refusal);
});

test.each([
  ['another principal', { ...list, principal: 'bob' }],
  ['another method', { ...list, method: '/a.B/C' }],
  ['other states', { ...list, states: ['PENDING'] }],
] satisfies [string, PagedList][])('a token is none of %s', (_what, other) => {
  expect(() => tokens.open(token, other)).toThrow(refusal);
});

test('a token of another secret is refused', () => {
  expect(() => new RecordPageTokens(randomBytes(32)).open(token, list)).toThrow(refusal);
});
