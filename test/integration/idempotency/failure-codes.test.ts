import { status } from '@grpc/grpc-js';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { EchoService } from '../../support/echo-service.ts';
import { failureBytes, say, toldBy } from './stage/calls.ts';
import { handlerFailure } from './stage/failures.ts';
import { forgetInRedis, ledgerRow, sayRecord, stateInRedis } from './stage/records.ts';
import { openStage, type Stage } from './stage/stage.ts';

// P8, R2: every code once, then a handler that is well again. DESIGN, section 5, says which are remembered.

let stage: Stage;
let echo: EchoService;

beforeAll(async () => {
  stage = await openStage();
  echo = await stage.startService();
});

afterAll(() => stage.close());

const finalCodes = [
  status.NOT_FOUND,
  status.ALREADY_EXISTS,
  status.PERMISSION_DENIED,
  status.FAILED_PRECONDITION,
  status.OUT_OF_RANGE,
  status.UNIMPLEMENTED,
];
const passingCodes = [
  status.CANCELLED,
  status.UNKNOWN,
  status.INVALID_ARGUMENT,
  status.DEADLINE_EXCEEDED,
  status.RESOURCE_EXHAUSTED,
  status.ABORTED,
  status.INTERNAL,
  status.UNAVAILABLE,
  status.DATA_LOSS,
  status.UNAUTHENTICATED,
];
const named = (codes: readonly status[]) => codes.map((code) => [status[code] ?? String(code), code] as const);

test('the two lists are all the codes there are', () => {
  expect([...finalCodes, ...passingCodes].sort((one, other) => one - other)).toEqual(
    Array.from({ length: 16 }, (_, index) => index + 1),
  );
});

/** Fails once, and from then on does well. */
function failOnce(text: string, code: status, message?: string): void {
  let hasFailed = false;
  stage.whenSaying(text, () => {
    if (!hasFailed) {
      hasFailed = true;
      throw handlerFailure(code, message);
    }
  });
}

describe.each(named(finalCodes))('%s', (name, code) => {
  test('is remembered: every retry gets status, message and details as they were (P2, P8)', async () => {
    failOnce(name, code);
    const record = sayRecord(name, name);
    const first = await say(echo, { text: name }, { key: name });
    expect(first).toMatchObject({ code, message: 'it went wrong' });
    expect(failureBytes(first).details).toEqual(['00fffe0a']);
    expect(toldBy(first).status).toBe('executed');
    await echo.idempotency.drained();
    const fromRedis = await say(echo, { text: name }, { key: name });
    await forgetInRedis(stage, echo, record);
    const fromLedger = await say(echo, { text: name }, { key: name });
    expect([fromRedis, fromLedger].map(failureBytes)).toEqual([failureBytes(first), failureBytes(first)]);
    expect([fromRedis, fromLedger].map((result) => toldBy(result).status)).toEqual(['replayed', 'replayed']);
  });
});

describe.each(named(passingCodes))('%s', (name, code) => {
  test('spends nothing: the key is free, and a retry runs (P8)', async () => {
    failOnce(name, code);
    const record = sayRecord(name, name);
    const first = await say(echo, { text: name }, { key: name });
    expect(first).toMatchObject({ code, message: 'it went wrong' });
    expect(failureBytes(first).details).toEqual(['00fffe0a']);
    expect(toldBy(first)).toEqual({ key: name, source: 'client', status: 'executed' });
    await echo.idempotency.drained();
    expect(await stateInRedis(stage, echo, record)).toBeNull();
    expect(await ledgerRow(stage, record)).toBeUndefined();
    const retry = await say(echo, { text: name }, { key: name });
    expect(retry.code).toBe(status.OK);
    expect(toldBy(retry).status).toBe('executed');
  });
});

test.each([
  ['empty', ''],
  ['of several lines', 'one\ntwo\r\nthree'],
  ['with blanks at its edges', ' edge '],
  ['with a percent sign', '100% %41'],
  ['beyond ASCII', 'Grüße 🦊 \u{10ffff}'],
  ['long', 'x'.repeat(2_000)],
  ['with a NUL', 'a\0b'],
  ['with half a surrogate pair (G7)', 'a\ud83d'],
])('a message that is %s is the same for the first caller and for every retry (P2)', async (title, message) => {
  const key = title.replaceAll(/[ (),]/g, '-');
  failOnce(title, status.NOT_FOUND, message);
  const first = await say(echo, { text: title }, { key, deadlineMs: 3_000 });
  expect(first.code).toBe(status.NOT_FOUND);
  await echo.idempotency.drained();
  const fromRedis = await say(echo, { text: title }, { key });
  await forgetInRedis(stage, echo, sayRecord(title, key));
  const fromLedger = await say(echo, { text: title }, { key });
  expect([fromRedis, fromLedger].map(failureBytes)).toEqual([failureBytes(first), failureBytes(first)]);
});
