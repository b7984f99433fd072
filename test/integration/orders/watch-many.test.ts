import type { Client } from '@grpc/grpc-js';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type CountingProxy, startCountingProxy } from '../../support/counting-proxy.ts';
import { startTestRelay } from '../../support/order-life.ts';
import { createdOrder, createOrder, orderRequest } from '../../support/order-requests.ts';
import { startTestService, type TestService } from '../../support/order-service.ts';
import { createTestDatabase, type TestDatabase } from '../../support/postgres.ts';
import { createClient, status } from '../../support/unary-call.ts';
import { type WatchCall, watchOrder } from '../../support/watch-call.ts';
import { until } from '../faults/until.ts';
import { type Audit, openAudit } from './audit.ts';

const WATCHERS = 1_000;
const STREAMS_PER_CONNECTION = 250;
const OPENED_AT_ONCE = 111;

let database: TestDatabase;
let proxy: CountingProxy;
let service: TestService;
let audit: Audit;
const clients: Client[] = [];

beforeAll(async () => {
  database = await createTestDatabase();
  const url = new URL(database.url);
  proxy = await startCountingProxy(Number(url.port));
  url.port = String(proxy.port);
  service = await startTestService({
    databaseUrl: url.href,
    settings: { EVENTS_FEED_INTERVAL_MS: '20', GRPC_MAX_CALLS_IN_FLIGHT: '50' },
  });
  // One connection each: a client would otherwise share one with those to the same port.
  const options = { 'grpc.use_local_subchannel_pool': 1 };
  for (let index = 0; index < WATCHERS / STREAMS_PER_CONNECTION; index += 1) {
    clients.push(createClient(service.port, options));
  }
  audit = await openAudit(database.url);
}, 60_000);

afterAll(async () => {
  for (const client of clients) client.close();
  await service.stop();
  await proxy[Symbol.asyncDispose]();
  await audit.close();
  await database.drop();
}, 60_000);

/** A thousand orders, all copies of one that was placed. */
async function placeMany(): Promise<string[]> {
  const { orderId } = createdOrder(await createOrder(service.client, orderRequest()));
  const rows = await audit.run(
    `with copies as (select gen_random_uuid() as id from generate_series(1, $2)),
    placed as (
      insert into orders
      select (jsonb_populate_record(orders, jsonb_build_object('order_id', copies.id))).* from orders, copies
      where orders.order_id = $1::uuid returning order_id),
    items as (
      insert into order_items
      select (jsonb_populate_record(order_items, jsonb_build_object('order_id', copies.id))).* from order_items, copies
      where order_items.order_id = $1::uuid)
    insert into order_events select id, 1, null, 'PENDING', '', now(), null from copies returning order_id`,
    [orderId, WATCHERS],
  );
  return rows.map(({ order_id }) => String(order_id));
}

/** How often the feed has asked for news. */
function questions(): number {
  return proxy.count('from order_events where number >') + proxy.count('from event_relay');
}

/** How often anything about orders is asked while the feed asks for news so often. */
async function queriesDuring(rounds: number): Promise<number> {
  const all = () => proxy.count('order');
  const [asked, before] = [questions(), all()];
  await until('the feed has asked often enough', () => questions() >= asked + rounds);
  return all() - before;
}

test('nobody asks for news while nobody watches; 1,000 watchers ask no more than one does, and all are told', async () => {
  const orderIds = await placeMany();
  const before = questions();
  const watches: WatchCall[] = [];
  const watch = (orderId: string) => {
    const client = clients[watches.length % clients.length] ?? service.client;
    watches.push(watchOrder(client, orderId));
  };
  expect(questions()).toBe(before);

  orderIds.slice(0, 1).forEach(watch);
  await watches[0]?.read(1);
  const alone = await queriesDuring(20);
  // Opening costs a read each: not more at once than the pool serves within its patience.
  for (let first = 1; first < WATCHERS; first += OPENED_AT_ONCE) {
    orderIds.slice(first, first + OPENED_AT_ONCE).forEach(watch);
    await Promise.all(watches.map((one) => one.read(1)));
  }
  const together = await queriesDuring(20);
  // Twenty rounds of one question each, and those that came while they were counted.
  expect(alone).toBeLessThan(40);
  expect(together).toBeLessThan(40);

  const moved = `
    with changed as (
      update orders set state = 'CANCELLED', sequence = 2 where order_id = any($1::uuid[]) returning order_id)
    insert into order_events select order_id, 2, 'PENDING', 'CANCELLED', '', now(), null from changed`;
  await audit.run(moved, [orderIds]);
  await using _ = startTestRelay(database.url);
  const ends = await Promise.all(watches.map(({ ended }) => ended));
  expect(ends.filter(({ code }) => code === status.OK)).toHaveLength(WATCHERS);
  const stories = new Set(watches.map(({ story }) => story.join(', ')));
  expect([...stories]).toEqual(['order 1 PENDING, event 2 CANCELLED']);

  // The last has gone: the feed asks once more at most, which is what it was waiting for.
  const atTheEnd = await questionsAfterTheLast();
  expect(atTheEnd).toBeLessThanOrEqual(1);
}, 60_000);

/** How often the feed asks once nobody watches, in the time of many of its rounds. */
async function questionsAfterTheLast(): Promise<number> {
  const before = questions();
  for (let round = 0; round < 20; round += 1) await new Promise((resolve) => setTimeout(resolve, 20));
  return questions() - before;
}
