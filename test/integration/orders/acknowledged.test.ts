import { afterAll, beforeAll, expect, test } from '@jest/globals';
import {
  answerOf,
  createdOrder,
  createOrder,
  getOrder,
  orderRequest,
  readOrder,
} from '../../support/order-requests.ts';
import { type OwnPostgres, startOwnPostgres } from '../../support/own-postgres.ts';
import { startTestRedis, type TestRedis } from '../../support/redis.ts';
import { type ServiceProcess, startServiceProcess } from '../../support/service-process.ts';
import { type CallResult, status } from '../../support/unary-call.ts';
import { openAudit } from './audit.ts';

let postgres: OwnPostgres;
let redis: TestRedis;

beforeAll(async () => {
  [postgres, redis] = await Promise.all([startOwnPostgres(), startTestRedis({ isPersistent: true })]);
}, 60_000);

afterAll(async () => {
  await Promise.all([postgres.stop(), redis.stop()]);
}, 60_000);

function startService(): Promise<ServiceProcess> {
  return startServiceProcess({ databaseUrl: postgres.url, redisUrl: redis.url });
}

function place(service: ServiceProcess, key: string): Promise<CallResult> {
  return createOrder(service.client, orderRequest({ customerId: 'all' }), { key });
}

/** Places one order after the other until a call fails. @returns the answers that were OK, by key, in `answers` */
async function placeUntilFailure(service: ServiceProcess, name: string, answers: Map<string, Buffer>): Promise<string> {
  for (let index = 0; ; index += 1) {
    const key = `${name}-${index}`;
    const { code, response } = await place(service, key);
    if (code !== status.OK || response === undefined) return key;
    answers.set(key, response);
  }
}

test('P7 everything is killed at once: every acknowledged order is in the database, and its key gives its answer', async () => {
  const answers = new Map<string, Buffer>();
  const service = await startService();
  const workers = Array.from({ length: 8 }, (_, index) => placeUntilFailure(service, `worker-${index}`, answers));
  await new Promise<void>((resolve) => {
    const enough = setInterval(() => {
      if (answers.size < 200) return;
      clearInterval(enough);
      resolve();
    }, 1);
  });
  // The client stays open until every worker has heard that its call failed.
  service.signal('SIGKILL');
  await Promise.all([service.exited, redis.kill(), postgres.killHard()]);
  const unacknowledged = await Promise.all(workers);
  await service.kill();

  await Promise.all([postgres.restart(), redis.restart()]);
  await using audit = await openAudit(postgres.url);
  const rows = await audit.run('select key, response from idempotency_keys');
  const ledger = new Map(rows.map(({ key, response }) => [key, response]));
  for (const [key, answer] of answers) expect(ledger.get(key)).toEqual(answer);
  const { orders, items, entries } = await audit.totals();
  expect({ orders, items }).toEqual({ orders: entries, items: 2 * entries });
  expect(entries - answers.size).toBeLessThanOrEqual(unacknowledged.length);

  await using next = await startService();
  for (const [key, answer] of answers) expect(answerOf(await place(next, key))).toEqual(answer);
  for (const key of unacknowledged) createdOrder(await place(next, key));
  expect(await audit.totals()).toMatchObject({ orders: answers.size + unacknowledged.length });
}, 90_000);

test('P8 a call that finds the database gone spends no key: the same key places the order when it is back', async () => {
  await using service = await startService();
  createdOrder(await place(service, 'before'));
  await postgres.killHard();
  const failed = await place(service, 'meanwhile');
  expect(failed.code).toBe(status.UNAVAILABLE);
  expect(failed.retryInfo?.retryDelay).toBeDefined();
  expect(['DATABASE_UNAVAILABLE', 'OUTCOME_UNKNOWN']).toContain(failed.errorInfo?.reason);
  await postgres.restart();
  let result = await place(service, 'meanwhile');
  while (result.code === status.UNAVAILABLE) result = await place(service, 'meanwhile');
  const { orderId } = createdOrder(result);
  expect(readOrder(await getOrder(service.client, orderId)).orderId).toBe(orderId);
}, 60_000);
