import { status as code } from '@grpc/grpc-js';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { EchoService } from '../../support/echo-service.ts';
import { alteredStore } from './stage/altered-store.ts';
import { say } from './stage/calls.ts';
import { expectReused } from './stage/differing.ts';
import { forgetInRedis, redisName, sayRecord, stateInRedis } from './stage/records.ts';
import { openStage, type Stage } from './stage/stage.ts';

// Redis has forgotten a settled record, and another request under its key claims it: what the ledger says must count for
// both, also before the ledger has refused the wrong one.

let stage: Stage;
let echo: EchoService;
let other: EchoService;

beforeAll(async () => {
  stage = await openStage();
  [echo, other] = [await stage.startService(), await stage.startService()];
});

afterAll(() => stage.close());

describe.each(['in the same process', 'in another process'])('while the wrong request runs %s', (where) => {
  test('a retry of the right one gets its answer (P2, P3, P5)', async () => {
    const key = `u-${where.replaceAll(' ', '-')}`;
    const first = await say(echo, { text: 'right' }, { key });
    await echo.idempotency.drained();
    await forgetInRedis(stage, echo, sayRecord('right', key));
    const gate = stage.holdSaying(`wrong ${where}`);
    const wrong = say(echo, { text: `wrong ${where}` }, { key });
    await gate.reached;
    const retry = await say(where === 'in the same process' ? echo : other, { text: 'right' }, { key });
    gate.open();
    expectReused(await wrong, key);
    expect(retry).toMatchObject({ code: code.OK, response: first.response });
  });
});

test('where an old Redis still shows another request, the ledger knows better (P2, P3, P5, S10)', async () => {
  const first = await say(echo, { text: 'right' }, { key: 'u-4' });
  await echo.idempotency.drained();
  await stage.redisClient.hset(redisName(echo, sayRecord('right', 'u-4')), 'fingerprint', 'ab'.repeat(32));
  expect(await say(other, { text: 'right' }, { key: 'u-4' })).toMatchObject({
    code: code.OK,
    response: first.response,
  });
  expectReused(await say(other, { text: 'wrong' }, { key: 'u-4' }), 'u-4');
});

test('a claim that was made although its begin was never answered is given back with the refusal (P3, L13)', async () => {
  const record = sayRecord('right', 'u-3');
  const first = await say(echo, { text: 'right' }, { key: 'u-3' });
  await echo.idempotency.drained();
  await forgetInRedis(stage, echo, record);
  const { begin } = alteredStore(other, {});
  const unanswered = alteredStore(other, {
    begin: async (claim) => {
      await begin(claim);
      return { kind: 'unavailable' };
    },
  });
  const service = await stage.startService({ library: { store: unanswered } });
  expectReused(await say(service, { text: 'wrong' }, { key: 'u-3' }), 'u-3');
  await service.idempotency.drained();
  expect(await stateInRedis(stage, other, record)).toBeNull();
  expect((await say(echo, { text: 'right' }, { key: 'u-3' })).response).toEqual(first.response);
});
