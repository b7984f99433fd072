import { status as code } from '@grpc/grpc-js';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { EchoService } from '../../support/echo-service.ts';
import { createGate } from '../../support/pause-gate.ts';
import { say, shout, toldBy } from './stage/calls.ts';
import { age, forgetInRedis, ledgerRow, sayRecord, shoutRecord, stateInRedis } from './stage/records.ts';
import { openStage, type Stage } from './stage/stage.ts';
import { until } from './stage/until.ts';

let stage: Stage;
let echo: EchoService;
let other: EchoService;
let redisless: EchoService;

beforeAll(async () => {
  stage = await openStage();
  [echo, other] = [await stage.startService(), await stage.startService()];
  redisless = await stage.startService({ withRedis: false });
});

afterAll(() => stage.close());

describe('EXPIRED', () => {
  test("a caller's own key is refused while it is remembered (P11)", async () => {
    await say(echo, { text: 'late' }, { key: 'expired-1' });
    await echo.idempotency.drained();
    await age(stage, echo, sayRecord('late', 'expired-1'), '25 hours');
    const late = await say(echo, { text: 'late' }, { key: 'expired-1' });
    expect(late).toMatchObject({ code: code.FAILED_PRECONDITION, errorInfo: { reason: 'IDEMPOTENCY_KEY_EXPIRED' } });
    expect(toldBy(late)).toEqual({ key: 'expired-1', source: 'client', status: undefined });
  });

  test('refusing it changes nothing: the next late retry is refused alike (P11)', async () => {
    await say(echo, { text: 'later' }, { key: 'expired-2' });
    await echo.idempotency.drained();
    await age(stage, echo, sayRecord('later', 'expired-2'), '25 hours');
    const before = await ledgerRow(stage, sayRecord('later', 'expired-2'));
    const refusals = [
      await say(echo, { text: 'later' }, { key: 'expired-2' }),
      await say(other, { text: 'later' }, { key: 'expired-2' }),
    ];
    expect(refusals.map(({ errorInfo }) => errorInfo?.reason)).toEqual(refusals.map(() => 'IDEMPOTENCY_KEY_EXPIRED'));
    expect(await ledgerRow(stage, sayRecord('later', 'expired-2'))).toEqual(before);
  });

  test('with another request it is still the key of its own (P3)', async () => {
    await say(echo, { text: 'late-one' }, { key: 'expired-3' });
    await echo.idempotency.drained();
    await age(stage, echo, sayRecord('late-one', 'expired-3'), '25 hours');
    const late = await say(echo, { text: 'late-two' }, { key: 'expired-3' });
    expect(late).toMatchObject({ code: code.INVALID_ARGUMENT, errorInfo: { reason: 'IDEMPOTENCY_KEY_REUSED' } });
  });

  test('a derived key is new the next day (P11)', async () => {
    const first = await say(echo, { text: 'basket' });
    await echo.idempotency.drained();
    await age(stage, echo, sayRecord('basket'), '25 hours');
    const second = await say(echo, { text: 'basket' });
    expect(toldBy(first)).toMatchObject({ source: 'derived', status: 'executed' });
    expect(toldBy(second)).toEqual(toldBy(first));
    expect(second.response).not.toEqual(first.response);
    const third = await say(other, { text: 'basket' });
    expect(third.response).toEqual(second.response);
  });

  test('under the policy EXPIRED_KEY_NEW the key is new at once', async () => {
    const first = await shout(echo, 'hey', { key: 'expired-4' });
    await echo.idempotency.drained();
    await age(stage, echo, shoutRecord('hey', 'expired-4'), '3 seconds');
    const second = await shout(echo, 'hey', { key: 'expired-4' });
    expect(toldBy(second).status).toBe('executed');
    expect(second.response).not.toEqual(first.response);
  });
});

// As in a process that was stopped there.
test.each(['after_commit', 'before_settle'] as const)(
  'an outcome that waits at %s until its time to live is over gets no second one',
  async (point) => {
    const gate = createGate(point);
    const slow = await stage.startService({ library: { pause: gate.pause } });
    const key = `expired-at-${point}`;
    const record = shoutRecord('told late', key);
    const first = await gate.hold(() => shout(slow, 'told late', { key }));
    const isOver = 'select 1 from idempotency_keys where id = $1 and expires_at < now()';
    await until('its time to live is over', async () => {
      return (await stage.sql(isOver, [Buffer.from(record.id, 'hex')])).length > 0;
    });
    await forgetInRedis(stage, slow, record);
    gate.open();
    expect(toldBy(await first.result).status).toBe('executed');
    await slow.idempotency.drained();
    expect(await stateInRedis(stage, slow, record)).toBeNull();
  },
);

// Without Redis the ledger is asked before the handler runs, with Redis when it commits: both must say the same.
describe.each(['with Redis', 'without Redis'])('%s', (how) => {
  const service = () => (how === 'with Redis' ? echo : redisless);

  test('remembered until the end of its memory: the key is refused (P11)', async () => {
    const key = `memory-${how.replace(' ', '-')}`;
    await say(echo, { text: how }, { key });
    await echo.idempotency.drained();
    await age(stage, echo, sayRecord(how, key), '7 days 23 hours');
    const late = await say(service(), { text: how }, { key });
    expect(late).toMatchObject({ code: code.FAILED_PRECONDITION, errorInfo: { reason: 'IDEMPOTENCY_KEY_EXPIRED' } });
  });

  test('forgotten: the key is as good as new', async () => {
    const key = `forgotten-${how.replace(' ', '-')}`;
    await say(echo, { text: how }, { key });
    await echo.idempotency.drained();
    await age(stage, echo, sayRecord(how, key), '8 days 1 hour');
    const late = await say(service(), { text: how }, { key });
    expect(toldBy(late).status).toBe('executed');
    const retry = await say(service(), { text: how }, { key });
    expect(retry.response).toEqual(late.response);
  });
});
