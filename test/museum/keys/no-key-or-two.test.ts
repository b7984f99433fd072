import { logVerbosity, Metadata, setLogVerbosity } from '@grpc/grpc-js';
import { describe, expect, test } from '@jest/globals';
import { CreateOrderRequest } from '../../../src/generated/orders/v1/order_service.ts';
import { shout, toldBy } from '../../integration/idempotency/stage/calls.ts';
import { rawCall } from '../../integration/idempotency/stage/raw-call.ts';
import { useOrderService } from '../../integration/orders/use-order-service.ts';
import { readReadme } from '../../integration/readme/readme-calls.ts';
import { startEchoService } from '../../support/echo-service.ts';
import { createOrder, orderRequest } from '../../support/order-requests.ts';
import { status } from '../../support/unary-call.ts';

const on = useOrderService();

function place(customerId: string, key: string, note = '') {
  return createOrder(on.service.client, orderRequest({ customerId, note }), { key });
}

/** A call whose header no gRPC client would send. */
function placeRaw(customerId: string, value: string | readonly string[]) {
  return rawCall(on.service.port, {
    path: '/orders.v1.OrderService/CreateOrder',
    headers: { 'idempotency-key': value },
    messages: [CreateOrderRequest.encode(orderRequest({ customerId })).finish()],
  });
}

const derived = { key: expect.stringMatching(/^sha256-[0-9a-f]{64}$/), source: 'derived' };

// nodejs/node#56703, nginx/nginx#598: a header whose value has a blank at its edge is dropped, and nobody says so.
describe('a key that is lost on the way', () => {
  test.each([
    ['a blank behind it', 'K1-behind '],
    ['a blank before it', ' K1-before'],
    ['blanks around it', '  K1-around  '],
    ['nothing but a blank', ' '],
  ])('K1 %s: two orders that were meant are two, and the echo tells whoever compares', async (what, key) => {
    const answers = [await place(`K1 ${what}`, key, 'one'), await place(`K1 ${what}`, key, 'another')];
    expect(answers.map(toldBy)).toEqual(answers.map(() => ({ ...derived, status: 'executed' })));
    expect(await on.stores.audit.effectsOf(`K1 ${what}`)).toMatchObject({ orders: 2 });
    // The same order twice is the case that nobody but the caller can see: one order, and both answers say of what kind.
    expect(toldBy(await place(`K1 ${what}`, key, 'one'))).toEqual({ ...derived, status: 'replayed' });
  });

  test.each([
    ['letters beyond ASCII', 'clé'],
    ['a tab inside', 'K1\tinside'],
  ])('K1 %s: dropped by the transport as well, and the echo tells', async (what, key) => {
    setLogVerbosity(logVerbosity.NONE);
    const { code, metadata } = await placeRaw(`K1 ${what}`, key);
    setLogVerbosity(logVerbosity.ERROR);
    expect(code).toBe(status.OK);
    expect(metadata).toMatchObject({ 'idempotency-key': derived.key, 'idempotency-key-source': 'derived' });
  });

  test('K1 a blank within quotes arrives, and is refused', async () => {
    const refused = await place('K1-quoted', '"K1-quoted "');
    expect(refused).toMatchObject({ code: status.INVALID_ARGUMENT, errorInfo: { reason: 'IDEMPOTENCY_KEY_INVALID' } });
  });

  test('K1 failures echo key and source, too', async () => {
    await place('K1-echo', 'K1-echo');
    const failures = [await place('K1-echo', 'K1-echo', 'other'), await place('', 'K1-invalid'), await place('', '')];
    expect(failures.map(({ errorInfo }) => errorInfo?.reason)).toEqual([
      'IDEMPOTENCY_KEY_REUSED',
      'INVALID_REQUEST',
      'IDEMPOTENCY_KEY_INVALID',
    ]);
    expect(failures.slice(0, 2).map(toldBy)).toEqual([
      { key: 'K1-echo', source: 'client', status: undefined },
      { key: 'K1-invalid', source: 'client', status: 'executed' },
    ]);
  });

  test('K1 where the policy of a method asks for a key, the call without one is refused', async () => {
    await using echo = await startEchoService({ databaseUrl: on.stores.databaseUrl });
    for (const key of ['K1-required ', ' ', undefined]) {
      const refused = await shout(echo, 'K1', { key });
      expect(refused).toMatchObject({
        code: status.INVALID_ARGUMENT,
        errorInfo: { reason: 'IDEMPOTENCY_KEY_REQUIRED' },
      });
    }
    expect(echo.runs()).toBe(0);
  });

  test('K1 the README tells callers to compare', () => {
    expect(readReadme()).toMatch(/Compare the `idempotency-key` that is echoed with yours/);
  });
});

function sent(...values: readonly string[]): { readonly metadata: Metadata } {
  const metadata = new Metadata();
  for (const value of values) metadata.add('idempotency-key', value);
  return { metadata };
}

// grpc/grpc-node#1412, #1414: a header that is sent twice arrives as one value, joined by a comma.
describe('a key that is two', () => {
  test.each([
    ['added twice', sent('k1', 'k2')],
    ['added twice, the same', sent('k1', 'k1')],
    ['added three times', sent('k1', 'k2', 'k3')],
    ['joined by a proxy', sent('k1,k2')],
    ['a comma inside quotes', sent('"k1,k2"')],
    ['two in quotes', sent('"k1"', '"k2"')],
    ['nothing but a comma', sent(',')],
    ['one that is empty, and one', sent('', 'k1')],
    ['one, and one that is empty', sent('k1', '')],
    ['empty', sent('')],
    ['empty in quotes', sent('""')],
  ])('K2 two values of a key are no key, and neither is an empty one: %s', async (what, options) => {
    const customerId = `K2 ${what}`;
    const refused = await createOrder(on.service.client, orderRequest({ customerId }), options);
    expect(refused).toMatchObject({ code: status.INVALID_ARGUMENT, errorInfo: { reason: 'IDEMPOTENCY_KEY_INVALID' } });
    expect(await on.stores.audit.effectsOf(customerId)).toMatchObject({ orders: 0 });
  });

  test('K2 two lines of one header on the wire are no key either', async () => {
    expect((await placeRaw('K2 raw', ['k1', 'k2'])).code).toBe(status.INVALID_ARGUMENT);
    expect(await on.stores.audit.effectsOf('K2 raw')).toMatchObject({ orders: 0 });
  });

  test('K2 nothing was consumed: each of the two is still free', async () => {
    for (const key of ['k1', 'k2', 'k3']) {
      expect(toldBy(await place(`K2 free ${key}`, key))).toEqual({ key, source: 'client', status: 'executed' });
    }
  });
});
