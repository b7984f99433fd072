import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { moveOrder, startTestRelay } from '../../support/order-life.ts';
import { createdOrder, createOrder, getOrder, orderRequest } from '../../support/order-requests.ts';
import { startTestService, type TestService } from '../../support/order-service.ts';
import { type OwnPostgres, startOwnPostgres } from '../../support/own-postgres.ts';
import { startTestRedis, type TestRedis } from '../../support/redis.ts';
import { status } from '../../support/unary-call.ts';
import { watchOrder } from '../../support/watch-call.ts';
import { queryDatabase } from '../faults/query-database.ts';
import { until } from '../faults/until.ts';

const story = ['order 1 PENDING', 'event 2 PROCESSING', 'event 3 CONFIRMED'];
let postgres: OwnPostgres;
let redis: TestRedis;
let service: TestService;
let withoutRedis: TestService;
let relay: ReturnType<typeof startTestRelay>;

beforeAll(async () => {
  [postgres, redis] = await Promise.all([startOwnPostgres(), startTestRedis()]);
  service = await startTestService({ databaseUrl: postgres.url, redisUrl: redis.url });
  withoutRedis = await startTestService({ databaseUrl: postgres.url });
  relay = startTestRelay(postgres.url);
}, 60_000);

afterAll(async () => {
  await redis.thaw();
  await Promise.all([service.stop(), withoutRedis.stop(), relay.stop()]);
  await Promise.all([postgres.stop(), redis.stop()]);
}, 60_000);

async function place(): Promise<string> {
  return createdOrder(await createOrder(service.client, orderRequest(), { key: crypto.randomUUID() })).orderId;
}

function move(orderId: string, to: Parameters<typeof moveOrder>[2]): Promise<void> {
  return moveOrder((text, values) => queryDatabase(postgres.url, text, values), orderId, to);
}

test('P5 streams go on while Redis is frozen, killed and back, and where there is none', async () => {
  const orderId = await place();
  const watches = [service, withoutRedis].map(({ client }) => watchOrder(client, orderId));
  await Promise.all(watches.map((watch) => watch.read(1)));
  await redis.freeze();
  await move(orderId, 'PROCESSING');
  await Promise.all(watches.map((watch) => watch.read(2)));
  await redis.kill();
  using late = watchOrder(service.client, orderId, { afterSequence: 1 });
  await late.read(1);
  await redis.restart();
  await move(orderId, 'CONFIRMED');
  const ends = await Promise.all([...watches, late].map(({ ended }) => ended));
  expect(ends.map(({ code }) => code)).toEqual([status.OK, status.OK, status.OK]);
  expect(watches.map((watch) => watch.story)).toEqual([story, story]);
  expect(late.story).toEqual(story.slice(1));
});

test('open streams outlive PostgreSQL: killed, then started again, it goes on with what was missed', async () => {
  const [seeing, missing] = [await place(), await place()];
  using one = watchOrder(service.client, seeing);
  using other = watchOrder(service.client, missing);
  await Promise.all([one.read(1), other.read(1)]);
  await postgres.killHard();
  await until('the database is missed', () =>
    service.log.some(({ msg }) => typeof msg === 'string' && msg.startsWith('the news about orders cannot be read')),
  );
  await postgres.restart();
  await move(missing, 'PROCESSING');
  await move(missing, 'CONFIRMED');
  expect((await other.ended).code).toBe(status.OK);
  expect(other.story).toEqual(story);
  await move(seeing, 'PROCESSING');
  await one.read(2);
  await postgres.restart();
  await move(seeing, 'CONFIRMED');
  expect((await one.ended).code).toBe(status.OK);
  expect(one.story).toEqual(story);
});

test('a stream that is opened while PostgreSQL is gone is told to come back, as every other call is', async () => {
  const orderId = await place();
  await postgres.killHard();
  await until('the database is known to be gone', async () => {
    const { errorInfo } = await getOrder(withoutRedis.client, orderId);
    return errorInfo?.reason === 'DATABASE_UNAVAILABLE';
  });
  using watch = watchOrder(withoutRedis.client, orderId, { deadlineMs: 5_000 });
  const end = await watch.ended;
  await postgres.restart();
  expect(end.code).toBe(status.UNAVAILABLE);
  expect(end.details?.errorInfo?.reason).toBe('DATABASE_UNAVAILABLE');
  expect(end.headers).toBeUndefined();
});
