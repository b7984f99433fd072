import { Metadata, status } from '@grpc/grpc-js';
import { expect, test } from '@jest/globals';
import { pino } from 'pino';
import { OrderError } from '../../../src/orders/errors.ts';
import { createToStatus } from '../../../src/transport/status.ts';
import { detailsIn } from './details.ts';

function translator() {
  const lines: string[] = [];
  return { lines, toStatus: createToStatus(pino({}, { write: (line: string) => void lines.push(line) })) };
}

test('an error that nobody foresaw tells the caller nothing about our inside, and the log everything', () => {
  const { toStatus, lines } = translator();
  const metadata = new Metadata();
  metadata.set('x-request-id', 'r-7');
  const sent = toStatus(new TypeError('password=secret in /srv/app'), metadata);
  expect(sent.code).toBe(status.INTERNAL);
  expect(
    JSON.stringify([sent.details, detailsIn(sent.metadata)], (_key, value) => (typeof value === 'bigint' ? '' : value)),
  ).not.toContain('secret');
  expect(lines.join('')).toMatch(/password=secret in \/srv\/app.*"requestId":"r-7"/);
});

test.each([
  ['text', 'a text'],
  ['null', null],
  ['an error with a reason that is none of ours', Object.assign(new Error('x'), { reason: 'toString' })],
  ['an object that is no error', { reason: 'INVALID_REQUEST', message: 'forged' }],
])('%s that was thrown is INTERNAL', (_name, thrown) => {
  const sent = translator().toStatus(thrown, new Metadata());
  expect(detailsIn(sent.metadata).errorInfo?.reason).toBe('INTERNAL');
});

test('an error is told by its reason, also if another copy of its class made it, and what is no fault of ours is not logged', () => {
  const { toStatus, lines } = translator();
  const twin = Object.assign(new Error('There is no order.'), { reason: 'ORDER_NOT_FOUND', facts: { orderId: 'x' } });
  const ours = new OrderError('ORDER_NOT_FOUND', 'There is no order.', { facts: { orderId: 'x' } });
  const sent = toStatus(twin, new Metadata());
  expect(sent.code).toBe(status.NOT_FOUND);
  expect(sent.metadata.toHttp2Headers()).toEqual(toStatus(ours, new Metadata()).metadata.toHttp2Headers());
  expect(lines).toEqual([]);
});
