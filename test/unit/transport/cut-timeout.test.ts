import { expect, test } from '@jest/globals';
import { cutTimeout } from '../../../src/transport/grpc-internals.ts';

test.each([
  ['1n', '1n'],
  ['99999999m', '99999999m'],
  ['2147483S', '2147483S'],
  ['2147484S', '2147483S'],
  ['35791M', '35791M'],
  ['35792M', '2147483S'],
  ['596H', '596H'],
  ['597H', '2147483S'],
  ['99999999H', '2147483S'],
  // grpc-js takes the first timeout that it finds.
  ['99999999 H', '2147483S'],
  ['x99999999H', '2147483S'],
  ['99999999H, 1S', '2147483S'],
  ['1S, 99999999H', '1S, 99999999H'],
  // No timeout of gRPC's: the server has a status for it.
  ['100000000H', '100000000H'],
  ['soon', 'soon'],
])('of the timeout %s, %s is left', (timeout, left) => {
  expect(cutTimeout(timeout)).toBe(left);
});
