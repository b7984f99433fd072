import { Metadata } from '@grpc/grpc-js';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { OrderServiceService } from '../../../src/generated/orders/v1/order_service.ts';
import { listenTo, say, shout, toldBy } from '../../integration/idempotency/stage/calls.ts';
import { openStage, type Stage } from '../../integration/idempotency/stage/stage.ts';
import { useOrderService } from '../../integration/orders/use-order-service.ts';
import { readReadme } from '../../integration/readme/readme-calls.ts';
import type { EchoService } from '../../support/echo-service.ts';
import { createdOrder, createOrder, orderRequest } from '../../support/order-requests.ts';
import { status, unaryCall } from '../../support/unary-call.ts';

const on = useOrderService();
let stage: Stage;
let echo: EchoService;
let other: EchoService;

beforeAll(async () => {
  stage = await openStage();
  const library = {
    principalOf: (_call: unknown, metadata: Metadata) => String(metadata.get('test-principal')[0] ?? ''),
  };
  [echo, other] = [await stage.startService({ library }), await stage.startService({ library })];
});

afterAll(() => stage.close());

const cancel = (orderId: string, key: string, reason = '') =>
  unaryCall(on.service.client, OrderServiceService.cancelOrder, { orderId, reason }, { key });

// nensii21/devlink#1195: a key was good for whatever endpoint it was sent to.
describe('one key on two methods', () => {
  test('K14 CreateOrder and CancelOrder: two records, and each replays its own answer', async () => {
    const create = () => createOrder(on.service.client, orderRequest({ customerId: 'K14' }), { key: 'K14' });
    const created = await create();
    const { orderId } = createdOrder(created);
    const cancelled = await cancel(orderId, 'K14');
    expect([toldBy(created).status, toldBy(cancelled).status]).toEqual(['executed', 'executed']);
    expect(cancelled.code).toBe(status.OK);
    const again = [await create(), await cancel(orderId, 'K14')];
    expect(again.map((result) => toldBy(result).status)).toEqual(['replayed', 'replayed']);
    expect(again.map(({ response }) => response)).toEqual([created.response, cancelled.response]);
    expect((await cancel(orderId, 'K14', 'other')).errorInfo?.reason).toBe('IDEMPOTENCY_KEY_REUSED');
    expect(await on.stores.audit.run("select method from idempotency_keys where key = 'K14' order by method")).toEqual([
      { method: '/orders.v1.OrderService/CancelOrder' },
      { method: '/orders.v1.OrderService/CreateOrder' },
    ]);
  });

  test('K14 a failure of the one is no answer of the other, and a read is no record at all', async () => {
    const missing = await cancel('01900000-0000-7000-8000-000000000000', 'K14-failed');
    expect(missing.code).toBe(status.NOT_FOUND);
    const created = await createOrder(on.service.client, orderRequest({ customerId: 'K14-f' }), { key: 'K14-failed' });
    expect(toldBy(created).status).toBe('executed');
    expect(toldBy(await listenTo(echo, 'K14', { key: 'K14-read' }))).toEqual({});
    expect(toldBy(await say(echo, { text: 'K14' }, { key: 'K14-read' })).status).toBe('executed');
  });

  test('K14 while the one runs, the other need not wait', async () => {
    const gate = stage.holdSaying('K14 runs');
    const said = say(echo, { text: 'K14 runs' }, { key: 'K14-runs' });
    await gate.reached;
    expect(toldBy(await shout(other, 'K14 runs', { key: 'K14-runs' })).status).toBe('executed');
    gate.open();
    expect(toldBy(await said).status).toBe('executed');
  });
});

const as = (principal: string) => {
  const metadata = new Metadata();
  metadata.set('test-principal', principal);
  return metadata;
};

// arun0009/idempotent#217, koala73/worldmonitor#4728: whoever sent somebody's key got somebody's answer.
describe('strangers with one key', () => {
  test.each([
    ['the same key and request', 'ann', 'bob', 'K15', 'K15'],
    ['no key, the same request', 'ann', 'bob', undefined, undefined],
    ['names that make one text with their keys', 'ab', 'a', 'c', 'bc'],
    ['one name that begins the other', 'ann', 'ann-marie', 'K15-2', 'K15-2'],
    ['names in capitals and not', 'ann', 'Ann', 'K15-3', 'K15-3'],
    ['nobody, and somebody called anonymous', '', 'anonymous', 'K15-4', 'K15-4'],
    ['names out of a prototype', '__proto__', 'constructor', 'K15-5', 'K15-5'],
  ])('K15 %s: each has a record and an answer of its own, in every process', async (what, one, two, oneKey, twoKey) => {
    const call = (to: EchoService, principal: string, key: string | undefined) =>
      say(to, { text: what }, { key, metadata: as(principal) });
    const first = [await call(echo, one, oneKey), await call(echo, two, twoKey)];
    expect(first.map((result) => toldBy(result).status)).toEqual(['executed', 'executed']);
    expect(first[0]?.response).not.toEqual(first[1]?.response);
    await echo.idempotency.drained();
    const again = [await call(other, one, oneKey), await call(other, two, twoKey)];
    expect(again.map(({ response }) => response)).toEqual(first.map(({ response }) => response));
  });

  test('K15 a stranger is told nothing of a key that another one has used for something else', async () => {
    await say(echo, { text: 'mine' }, { key: 'K15-secret', metadata: as('ann') });
    const stranger = await say(other, { text: 'a guess' }, { key: 'K15-secret', metadata: as('bob') });
    expect(toldBy(stranger)).toEqual({ key: 'K15-secret', source: 'client', status: 'executed' });
  });

  test('K15 the order service lets nobody name itself: all are anonymous, whatever header they send, and the README warns', async () => {
    const call = (header: string | undefined) => {
      const metadata = new Metadata();
      if (header !== undefined) metadata.set(header, 'mallory');
      return createOrder(on.service.client, orderRequest({ customerId: 'K15' }), { key: 'K15', metadata });
    };
    const first = await call(undefined);
    for (const header of [
      'principal',
      'x-principal',
      'x-user-id',
      'x-forwarded-user',
      'authorization',
      'test-principal',
    ]) {
      const spoofed = await call(header);
      expect(toldBy(spoofed).status).toBe('replayed');
      expect(spoofed.response).toEqual(first.response);
    }
    expect(await on.stores.audit.run("select distinct principal from idempotency_keys where key = 'K15'")).toEqual([
      { principal: 'anonymous' },
    ]);
    expect(readReadme()).toMatch(
      /\*\*Strangers without names\.\*\* Nobody is authenticated yet: all callers are one principal, `anonymous`/,
    );
  });
});
