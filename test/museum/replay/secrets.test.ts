import { get } from 'node:http';
import { text } from 'node:stream/consumers';
import { Metadata, status } from '@grpc/grpc-js';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { findFreePort } from '../../../src/embedded/port.ts';
import { inWords } from '../../integration/faults/named-orders.ts';
import { queryDatabase } from '../../integration/faults/query-database.ts';
import { until } from '../../integration/faults/until.ts';
import { say } from '../../integration/idempotency/stage/calls.ts';
import { handlerFailure } from '../../integration/idempotency/stage/failures.ts';
import { openStage, type Stage } from '../../integration/idempotency/stage/stage.ts';
import { type OpenStores, openStores } from '../../integration/orders/stores.ts';
import { cancelOrder } from '../../support/order-life.ts';
import {
  createdOrder,
  createOrder,
  getOrder,
  listOrders,
  listRequest,
  orderRequest,
} from '../../support/order-requests.ts';
import { startTestService, type TestService } from '../../support/order-service.ts';
import { watchOrder } from '../../support/watch-call.ts';

// R8: ietf-wg-httpapi/idempotency#40. What was stored to be repeated held card numbers, and so did what was logged.

const CARD = '4111111111111111';
const KEY = 'key-of-a-customer-8127';
const CUSTOMER = 'customer-9f3e';
const REASON = 'she died on the second of May';
const secrets = [CARD, KEY, CUSTOMER, REASON];

let stores: OpenStores;
let stage: Stage;
let service: TestService;
let metricsPort: number;

beforeAll(async () => {
  [stores, stage, metricsPort] = await Promise.all([openStores(), openStage(), findFreePort()]);
  const settings = {
    IDEMPOTENCY_MAX_CACHED_ANSWER_BYTES: '0',
    METRICS_LISTEN: `127.0.0.1:${metricsPort}`,
    LOG_LEVEL: 'trace',
  };
  service = await startTestService({ ...stores, settings });
}, 60_000);

afterAll(async () => {
  await service.stop();
  await Promise.all([stores.close(), stage.close()]);
}, 60_000);

/** Everything that a Redis holds, names and values, in latin1. A dump would be compressed. */
async function everythingIn({ redisClient }: Pick<OpenStores, 'redisClient'>): Promise<string> {
  const names = await redisClient.keys('*');
  const readers: Readonly<Record<string, (name: string) => Promise<unknown>>> = {
    hash: (name) => redisClient.hgetallBuffer(name),
    stream: (name) => redisClient.xrangeBuffer(name, '-', '+'),
    string: (name) => redisClient.getBuffer(name),
  };
  const values = await Promise.all(names.map(async (name) => readers[await redisClient.type(name)]?.(name)));
  return inLatin1([names, values]);
}

const inLatin1 = (value: unknown): string =>
  JSON.stringify(value, (_key, part) => (part?.type === 'Buffer' ? Buffer.from(part.data).toString('latin1') : part));

/** Which of the secrets stand in a text, also in another writing. */
const found = (within: string) =>
  secrets.filter((secret) =>
    [secret, Buffer.from(secret).toString('base64').replaceAll('=', ''), Buffer.from(secret).toString('hex')].some(
      (form) => within.includes(form),
    ),
  );

test('R8 with answers kept in the ledger only, Redis, logs and metrics know nothing of what a call was about, whatever becomes of it', async () => {
  const { client } = service;
  const request = orderRequest({ customerId: CUSTOMER, note: CARD, labels: new Map([['card', CARD]]) });
  const created = await createOrder(client, request, { key: KEY });
  expect(inWords(await createOrder(client, request, { key: KEY }))).toBe('OK replayed');
  const { orderId } = createdOrder(created);
  const outcomes = [
    await createOrder(client, { ...request, note: `${CARD} ` }, { key: KEY }),
    await createOrder(client, { ...request, items: [] }, { key: `${KEY}-2` }),
    await createOrder(client, request, { key: `${KEY},${CARD}` }),
    await cancelOrder(client, orderId, { key: KEY, reason: `${REASON}\n` }),
    await cancelOrder(client, orderId.replace(/^./, 'f'), { key: `${KEY}-3`, reason: REASON }),
    await cancelOrder(client, orderId, { key: `${KEY}-4`, reason: REASON }),
    await cancelOrder(client, orderId, { key: `${KEY}-5`, reason: REASON }),
    await getOrder(client, `${CARD}-${KEY}`),
    await listOrders(client, listRequest({ customerId: CUSTOMER, pageToken: CARD })),
  ];
  expect(outcomes.map(inWords)).toEqual([
    'INVALID_ARGUMENT IDEMPOTENCY_KEY_REUSED',
    'INVALID_ARGUMENT INVALID_REQUEST',
    'INVALID_ARGUMENT IDEMPOTENCY_KEY_INVALID',
    expect.stringMatching(/^INVALID_ARGUMENT/),
    'NOT_FOUND ORDER_NOT_FOUND',
    'OK executed',
    'FAILED_PRECONDITION ORDER_NOT_CANCELLABLE',
    'INVALID_ARGUMENT INVALID_REQUEST',
    expect.stringMatching(/^INVALID_ARGUMENT/),
  ]);
  using watched = watchOrder(client, orderId, { metadata: new Metadata() });
  await watched.read(1);
  // The database refuses, and its own words name what it was given.
  await queryDatabase(
    stores.databaseUrl,
    `alter table orders add constraint refused check (note <> '${CARD}') not valid`,
  );
  const refused = await createOrder(client, request, { key: `${KEY}-6` });
  await queryDatabase(
    stores.databaseUrl,
    'alter table orders drop constraint refused; alter table orders rename to orders_away',
  );
  const unread = [await listOrders(client, listRequest({ customerId: CUSTOMER })), await getOrder(client, orderId)];
  await queryDatabase(stores.databaseUrl, 'alter table orders_away rename to orders');
  expect([refused, ...unread].map(inWords)).toEqual(Array(3).fill('INTERNAL DATABASE_REFUSED'));
  await until('the calls are logged', () => service.log.filter(({ msg }) => msg === 'call ended').length >= 14);
  const metrics = await new Promise<string>((resolve, reject) => {
    get(
      { port: metricsPort, path: '/metrics', agent: false },
      (response) => void text(response).then(resolve, reject),
    ).on('error', reject);
  });
  expect(metrics).toContain('idempotency_outcomes');
  expect({
    redis: found(await everythingIn(stores)),
    log: found(JSON.stringify(service.log)),
    metrics: found(metrics),
  }).toEqual({ redis: [], log: [], metrics: [] });
});

test('R8 with answers kept in the ledger only, Redis knows nothing of a failure either, and it is told again all the same', async () => {
  const echo = await stage.startService({ settings: { IDEMPOTENCY_MAX_CACHED_ANSWER_BYTES: '0' } });
  stage.whenSaying(CUSTOMER, () => {
    throw handlerFailure(status.FAILED_PRECONDITION, `the card ${CARD} was refused`, Buffer.from(`the card ${CARD}`));
  });
  const first = await say(echo, { text: CUSTOMER }, { key: KEY });
  expect(first.message).toBe(`the card ${CARD} was refused`);
  await echo.idempotency.drained();
  expect(found(await everythingIn(stage))).toEqual([]);
  const again = await say(echo, { text: CUSTOMER }, { key: KEY });
  expect([again.code, again.message, again.metadata.get('grpc-status-details-bin')]).toEqual([
    first.code,
    first.message,
    first.metadata.get('grpc-status-details-bin'),
  ]);
});

test('R8 otherwise Redis has an answer as it was sent, for as long as it can be repeated, and nothing else of the call', async () => {
  const cached = await startTestService(stores);
  await using _ = cached;
  await stores.redisClient.flushall();
  const request = orderRequest({ customerId: CUSTOMER, note: CARD });
  const { response } = await createOrder(cached.client, request, { key: `${KEY}-cached` });
  await until('the answer is kept', async () => (await everythingIn(stores)).includes(CARD));
  const [name = ''] = await stores.redisClient.keys('orders:*{[0-9a-f]*');
  const { response: kept, ...rest } = await stores.redisClient.hgetallBuffer(name);
  expect(kept).toEqual(response);
  expect(found(inLatin1(rest))).toEqual([]);
  const leftMs = await stores.redisClient.pttl(name);
  expect(leftMs).toBeGreaterThan(86_000_000);
  expect(leftMs).toBeLessThanOrEqual(86_400_000);
});
