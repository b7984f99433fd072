import { status as code } from '@grpc/grpc-js';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { SayResponse } from '../../generated/echo/v1/echo_service.ts';
import type { EchoService } from '../../support/echo-service.ts';
import { say, toldBy } from './stage/calls.ts';
import { ledgerRow, sayRecord } from './stage/records.ts';
import { openStage, type Stage } from './stage/stage.ts';
import { until } from './stage/until.ts';

let stage: Stage;
let echo: EchoService;

beforeAll(async () => {
  stage = await openStage();
  echo = await stage.startService({ settings: { IDEMPOTENCY_HANDLER_LIMIT_MS: '300' } });
});

afterAll(() => stage.close());

test('a handler that never calls back is given up, and its key is usable within a lease (P6, L12)', async () => {
  stage.insteadOfSaying('never', () => {});
  const result = await say(echo, { text: 'never' }, { key: 'never' });
  expect(result).toMatchObject({ code: code.UNAVAILABLE, errorInfo: { reason: 'OUTCOME_UNKNOWN' } });
  // Its lease.
  expect(result.retryInfo?.retryDelay).toEqual({ seconds: 1n, nanos: 0 });
  expect(toldBy(result)).toEqual({ key: 'never', source: 'client', status: undefined });
  expect(echo.events).toContainEqual({ kind: 'handlerLimit' });
  expect(echo.idempotency.runsNow).toBe(0);
  stage.insteadOfSaying('never', (_call, callback) => callback(null, SayResponse.fromPartial({ text: 'well again' })));
  const startedMs = performance.now();
  expect((await say(echo, { text: 'never' }, { key: 'never' })).code).toBe(code.OK);
  expect(performance.now() - startedMs).toBeLessThan(1_000 + 2_000);
});

test('a handler that was given up can commit nothing when it comes back (P1)', async () => {
  const gate = stage.holdSaying('late');
  const late: unknown[] = [];
  stage.whenSaying('late', async (attempt) => {
    await gate.pass();
    await attempt
      .commit(SayResponse.fromPartial({}), (entry) => echo.ledger.record(entry))
      .catch((error: unknown) => late.push(error));
  });
  const result = await say(echo, { text: 'late' }, { key: 'late' });
  expect(result.errorInfo?.reason).toBe('OUTCOME_UNKNOWN');
  gate.open();
  await until('the refusal of the commit', () => late.length === 1);
  expect(await ledgerRow(stage, sayRecord('late', 'late'))).toBeUndefined();
});

test('a commit that was under way when its handler was given up counts, and a retry gets its answer (P1, P2)', async () => {
  const committing = Promise.withResolvers<void>();
  stage.whenSaying('under way', async (attempt) => {
    await attempt.commit(SayResponse.fromPartial({ text: 'committed' }), async (entry) => {
      await committing.promise;
      return echo.ledger.record(entry);
    });
  });
  const result = await say(echo, { text: 'under way' }, { key: 'under-way' });
  expect(result.errorInfo?.reason).toBe('OUTCOME_UNKNOWN');
  committing.resolve();
  const record = sayRecord('under way', 'under-way');
  await until('the commit', async () => (await ledgerRow(stage, record)) !== undefined);
  const retry = await say(echo, { text: 'under way' }, { key: 'under-way' });
  expect(SayResponse.decode(retry.response ?? Buffer.of())).toMatchObject({ text: 'committed' });
  expect(toldBy(retry).status).toBe('replayed');
});
