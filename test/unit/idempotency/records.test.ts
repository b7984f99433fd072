import { expect, test } from '@jest/globals';
import { differ, fingerprintOf } from '../../../src/idempotency/fingerprint.ts';
import { lengthPrefixed } from '../../../src/idempotency/length-prefixed.ts';
import { recordOf } from './record-of.ts';

const key = (value: string) => ({ value, source: 'client' }) as const;

test('principal, method and key make a record, and nothing else does', () => {
  const one = recordOf('request');
  const twin = recordOf('another request', { key: { value: 'k', source: 'derived' } });
  expect(one.id).toMatch(/^[0-9a-f]{64}$/);
  expect(twin.id).toBe(one.id);
});

test.each([
  ['the principal', recordOf('r', { principal: 'ann' }), recordOf('r', { principal: 'bob' })],
  ['the method', recordOf('r', { method: '/a.A/A' }), recordOf('r', { method: '/a.A/B' })],
  ['the key', recordOf('r', { key: key('a') }), recordOf('r', { key: key('b') })],
  ['case', recordOf('r', { key: key('a') }), recordOf('r', { key: key('A') })],
  [
    'the cut between two parts',
    recordOf('r', { principal: 'ab', method: 'c' }),
    recordOf('r', { principal: 'a', method: 'bc' }),
  ],
  ['an empty part', recordOf('r', { principal: '', method: 'ab' }), recordOf('r', { principal: 'ab', method: '' })],
])('%s makes another record (P9)', (_what, one, other) => {
  expect(one.id).not.toBe(other.id);
});

test('an identity cannot be changed once it is made (K3)', () => {
  expect(Object.isFrozen(recordOf('request'))).toBe(true);
});

test('a length counts bytes, not characters', () => {
  expect([...lengthPrefixed('é')]).toEqual([0, 0, 0, 2, 0xc3, 0xa9]);
});

test('a fingerprint tells methods and bytes apart, also where they could be cut differently', () => {
  const hashes = [
    fingerprintOf('/a', Buffer.from('b')),
    fingerprintOf('/a', Buffer.from('c')),
    fingerprintOf('/ab', Buffer.of()),
    fingerprintOf('/b', Buffer.from('b')),
  ].map(({ hash }) => hash);
  expect(new Set(hashes).size).toBe(4);
});

test('fingerprints of one version differ by their hash, those of two versions are not compared', () => {
  expect(differ({ version: 1, hash: 'a' }, { version: 1, hash: 'b' })).toBe(true);
  expect(differ({ version: 1, hash: 'a' }, { version: 1, hash: 'a' })).toBe(false);
  expect(differ({ version: 1, hash: 'a' }, { version: 2, hash: 'b' })).toBe(false);
});

test('the fingerprint of a known request is what it has always been: a change of it needs a new version', () => {
  expect(fingerprintOf('/orders.v1.OrderService/CreateOrder', Buffer.from('0a0161', 'hex'))).toEqual({
    version: 1,
    hash: '44b4928f2f50f23cfe41b34f5bf1f74333a04286fd0d192051c449d4e9aac41a',
  });
});
