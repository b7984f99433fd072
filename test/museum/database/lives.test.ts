import { expect } from '@jest/globals';
import { parseConfig } from '../../../src/config/parse-config.ts';
import { expectSettled, inWords, place } from '../../integration/faults/named-orders.ts';
import { queryDatabase } from '../../integration/faults/query-database.ts';
import { until } from '../../integration/faults/until.ts';
import { startWatchedService } from '../../integration/faults/watched-service.ts';
import { cancelOrder } from '../../support/order-life.ts';
import { answerOf, createdOrder, getOrder, readOrder } from '../../support/order-requests.ts';
import { createGate } from '../../support/pause-gate.ts';
import { startTestRedis } from '../../support/redis.ts';
import { storiesAtOnce } from '../../support/stories-at-once.ts';
import { type CallResult, status } from '../../support/unary-call.ts';
import { type CopiedPostgres, startCopiedPostgres } from './copied-postgres.ts';

/** Ways in which a database forgets its last minute. */
const waysBack: Readonly<Record<string, (postgres: CopiedPostgres) => Promise<void>>> = {
  'a restore': (postgres) => postgres.restore(),
  'a failover to a standby that had heard nothing': (postgres) => postgres.failOver(),
};

// D8: https://github.blog/2012-09-14-github-availability-this-week/, constructorfabric/gears-rust#4874. After a failover the cache knew
// rows that the database no longer had, and spoke of others under their numbers.
function backInTime(goBack: (postgres: CopiedPostgres) => Promise<void>) {
  return async () => {
    await using stack = new AsyncDisposableStack();
    const postgres = stack.use(await startCopiedPostgres());
    const redis = await startTestRedis();
    stack.defer(() => redis.stop());
    const service = await startWatchedService({ databaseUrl: postgres.url, redisUrl: redis.url });
    stack.defer(() => service.stop());
    const { client } = service;
    const untilAnswered = async (call: () => Promise<CallResult>) => {
      let result = await call();
      await until('the database is there again', async () => {
        if (result.code === status.UNAVAILABLE) result = await call();
        return result.code !== status.UNAVAILABLE;
      });
      return result;
    };
    const kept = createdOrder(await place(client, 'kept'));
    const keptAnswer = await place(client, 'kept');
    await postgres.copy();
    const cancelKept = () => cancelOrder(client, kept.orderId, { key: 'cancel-kept' });
    expect(inWords(await untilAnswered(cancelKept))).toBe('OK executed');
    const lost = createdOrder(await place(client, 'lost'));
    const cancelLost = () => cancelOrder(client, lost.orderId, { key: 'cancel-lost' });
    expect(inWords(await cancelLost())).toBe('OK executed');

    await goBack(postgres);
    // What is gone is not told any more, neither by the same call nor by another one.
    expect(inWords(await untilAnswered(cancelLost))).toBe('NOT_FOUND ORDER_NOT_FOUND');
    expect((await getOrder(client, lost.orderId)).code).toBe(status.NOT_FOUND);
    const again = await place(client, 'lost');
    expect(inWords(again)).toBe('OK executed');
    expect(createdOrder(again).orderId).not.toBe(lost.orderId);
    // An acknowledged cancellation is gone, too: its repeat is one, and not an old answer.
    expect(readOrder(await getOrder(client, kept.orderId))).toEqual(kept);
    expect(inWords(await cancelKept())).toBe('OK executed');
    expect(readOrder(await getOrder(client, kept.orderId)).sequence).toBe(2);
    await expectSettled({ client, databaseUrl: postgres.url }, 'kept', keptAnswer);
    await expectSettled({ client, databaseUrl: postgres.url }, 'lost', again);
  };
}

// D9: lakekeeper/lakekeeper#1671 (review notes in #1814). Whether a request was known was asked at a replica that lagged behind.
async function besideALaggingReplica(): Promise<void> {
  await using stack = new AsyncDisposableStack();
  const postgres = stack.use(await startCopiedPostgres());
  const redis = await startTestRedis();
  stack.defer(() => redis.stop());
  const gate = createGate('after_commit');
  const stores = { databaseUrl: postgres.url, redisUrl: redis.url };
  const sleeper = await startWatchedService({ ...stores, pause: gate.pause });
  stack.defer(() => sleeper.stop());
  const old = createdOrder(await place(sleeper.client, 'old'));
  await postgres.copy();
  await until('the database is there again', async () => inWords(await place(sleeper.client, 'old')).startsWith('OK'));
  const standby = stack.use(await postgres.startStandby());
  const service = await startWatchedService(stores);
  stack.defer(() => service.stop());

  // Taken over from an owner that has committed and fallen asleep: the standby knows nothing of it.
  const first = await gate.hold(() => place(sleeper.client, 'taken-over'));
  await redis.restart();
  const second = await place(service.client, 'taken-over');
  expect(inWords(second)).toBe('OK replayed');
  gate.open();
  expect(answerOf(await first.result)).toEqual(answerOf(second));
  // Read right after it was written.
  for (let index = 0; index < 20; index += 1) {
    const order = createdOrder(await place(service.client, `fresh-${index}`));
    expect(readOrder(await getOrder(service.client, order.orderId))).toEqual(order);
  }
  const known = await queryDatabase(standby.url, 'select customer_id from orders');
  expect(known).toEqual([{ customer_id: 'old' }]);
  // Led to the standby itself, the service does not answer from it, also not what it could.
  await expect(startWatchedService({ ...stores, databaseUrl: standby.url })).rejects.toMatchObject({
    reason: 'DATABASE_UNAVAILABLE',
    cause: { message: expect.stringContaining('standby') },
  });
  expect(readOrder(await getOrder(service.client, old.orderId))).toEqual(old);
  // There is one place to name a database, and it takes one server.
  const { host } = new URL(standby.url);
  const both = postgres.url.replace('@', `@${host},`);
  expect(parseConfig({ DATABASE_URL: both }, { requires: ['database'] })).toMatchObject({ ok: false });
}

storiesAtOnce(
  {
    ...Object.fromEntries(
      Object.entries(waysBack).map(([way, goBack]) => [
        `D8 no answer outlives its order: after ${way} a key whose order is gone places it anew, and all others keep theirs`,
        backInTime(goBack),
      ]),
    ),
    'D9 a replica that lags is never asked: a key is taken over and orders are read as the primary has them':
      besideALaggingReplica,
  },
  120_000,
);
