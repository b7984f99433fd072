import { status as code } from '@grpc/grpc-js';
import { expect } from '@jest/globals';
import type { CallResult } from '../../../support/unary-call.ts';

/** P3: refused, and told nothing but what it had sent. */
export function expectReused(result: CallResult, key: string): void {
  expect(result).toMatchObject({
    code: code.INVALID_ARGUMENT,
    response: undefined,
    errorInfo: { reason: 'IDEMPOTENCY_KEY_REUSED', domain: 'idempotency.v1' },
    retryInfo: undefined,
    hadHeaders: false,
  });
  expect(result.errorInfo?.metadata).toEqual(
    new Map([
      ['key', key],
      ['method', '/echo.v1.EchoService/Say'],
    ]),
  );
}
