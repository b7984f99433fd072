import { once } from 'node:events';
import { connect as connectHttp2 } from 'node:http2';
import { createConnection } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from '@jest/globals';
import type { PausePoint } from '../../../src/idempotency/index.ts';
import { countsOf, inWords, ONE_ORDER, place } from '../../integration/faults/named-orders.ts';
import { until } from '../../integration/faults/until.ts';
import { type OpenStores, openStores } from '../../integration/orders/stores.ts';
import { createdOrder } from '../../support/order-requests.ts';
import { startTestService } from '../../support/order-service.ts';
import { startServiceProcess } from '../../support/service-process.ts';
import { storiesAtOnce } from '../../support/stories-at-once.ts';
import { createClient, status } from '../../support/unary-call.ts';
import { watchOrder } from '../../support/watch-call.ts';
import { startServed } from './served-process.ts';

/** A lease, and what a busy machine may add. */
const LEASE_AND_MARGIN_MS = 5_000 + 6_000;

const closing = (stores: OpenStores) => ({ ...stores, [Symbol.asyncDispose]: () => stores.close() });

// G5: googleapis/google-cloud-ruby#1572. UNAVAILABLE was taken for "it did not run", and what had run was sent again as something new.
function killedAt(point: PausePoint) {
  return async () => {
    await using stores = await openStores().then(closing);
    await using survivor = await startTestService(stores);
    await using owner = await startServiceProcess({ ...stores, pauseAt: point });
    const first = place(owner.client, 'killed');
    await owner.paused();
    await owner.kill();
    expect(status[(await first).code]).toBe('UNAVAILABLE');
    expect(await countsOf(stores.databaseUrl, 'killed')).toEqual(ONE_ORDER);
    const again = await place(survivor.client, 'killed', { deadlineMs: LEASE_AND_MARGIN_MS });
    expect(inWords(again)).toBe('OK replayed');
    expect(await stores.audit.ledgerAnswerOf('killed')).toEqual(again.response);
    expect(await countsOf(stores.databaseUrl, 'killed')).toEqual(ONE_ORDER);
  };
}

// G6: grpc/grpc-node#2091, #1458, gadget-inc/silo#178. A graceful stop cut calls that ran, or waited for clients that never spoke.
async function stoppedInOrder(): Promise<void> {
  await using stack = new AsyncDisposableStack();
  const stores = stack.use(await openStores().then(closing));
  const service = stack.use(await startServed(stores, { GRPC_DRAIN_LIMIT_MS: '3000' }));
  const client = createClient(service.port);
  stack.defer(() => client.close());
  await stores.audit.run(
    `create function rest() returns trigger language plpgsql as $$ begin perform pg_sleep(1.5); return new; end $$`,
  );
  await stores.audit.run(
    `create trigger rests before insert on orders for each row when (new.customer_id = 'slow') execute function rest()`,
  );
  const watched = createdOrder(await place(client, 'watched'));
  using watch = watchOrder(client, watched.orderId);
  await watch.read(1);
  const slow = place(client, 'slow');
  await until('it is slow', async () => {
    return (await stores.audit.run(`select from pg_stat_activity where wait_event = 'PgSleep'`)).length > 0;
  });
  const waiter = place(client, 'slow');
  const silent = createConnection({ port: service.port, host: '127.0.0.1' });
  await once(silent, 'connect');
  stack.defer(() => void silent.destroy());
  const idle = connectHttp2(`http://127.0.0.1:${service.port}`);
  idle.on('error', () => {});
  await once(idle, 'connect');
  stack.defer(() => idle.destroy());
  // A request that has begun and is never finished.
  const half = idle.request({
    ':method': 'POST',
    ':path': '/orders.v1.OrderService/CreateOrder',
    'content-type': 'application/grpc+proto',
    te: 'trailers',
    'idempotency-key': 'half',
  });
  half.on('error', () => {});
  half.write(Buffer.of(0, 0, 0));

  service.signal('SIGTERM');
  expect(await watch.ended).toMatchObject({ code: status.UNAVAILABLE });
  const [answer, same] = [await slow, await waiter];
  expect([inWords(answer), inWords(same)]).toEqual(['OK executed', 'OK replayed']);
  expect(same.response).toEqual(answer.response);
  client.close();
  // Whoever never finishes is cut after three seconds.
  expect(await Promise.race([service.exited, sleep(14_000, 'still running', { ref: false })])).toBe(0);
  const names = await stores.redisClient.keys('orders:*{[0-9a-f]*');
  const states = await Promise.all(names.map((name) => stores.redisClient.hget(name, 'state')));
  expect(states).toEqual(['COMPLETED', 'COMPLETED']);
  expect(await countsOf(stores.databaseUrl, 'slow')).toEqual(ONE_ORDER);
  expect(await countsOf(stores.databaseUrl, 'half')).toMatchObject({ orders: 0, keys: 0 });
}

storiesAtOnce(
  {
    ...Object.fromEntries(
      (['after_commit', 'before_answer'] as const).map((point) => [
        `G5 UNAVAILABLE does not mean that nothing ran: a server is killed ${point.replace('_', ' the ')}, and the same key gets the answer`,
        killedAt(point),
      ]),
    ),
    'G6 a graceful stop delivers what runs and is bounded: a slow call, its waiter, a WatchOrder, silent clients and half a request':
      stoppedInOrder,
  },
  120_000,
);
