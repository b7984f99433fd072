import { Metadata } from '@grpc/grpc-js';
import { expect, test } from '@jest/globals';
import { assignRequestId, REQUEST_ID_HEADER, requestIdIn } from '../../../src/transport/request-id.ts';

const uuid = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

test.each(['r-1', '!', 'x'.repeat(128)])('the id "%s" of the caller is kept', (sent) => {
  const metadata = new Metadata();
  metadata.set(REQUEST_ID_HEADER, sent);
  expect(assignRequestId(metadata)).toBe(sent);
  expect(requestIdIn(metadata)).toBe(sent);
});

test.each(['', 'x'.repeat(129), 'a b', 'ü'])('the id "%s" is none and is replaced, for all later steps', (sent) => {
  const metadata = new Metadata();
  metadata.get = () => [sent];
  expect(assignRequestId(metadata)).toMatch(uuid);
});

test('a call without an id gets one, another for each call', () => {
  const [one, other] = [new Metadata(), new Metadata()];
  expect(assignRequestId(one)).toMatch(uuid);
  expect(requestIdIn(one)).toBe(assignRequestId(one));
  expect(assignRequestId(other)).not.toBe(requestIdIn(one));
});
