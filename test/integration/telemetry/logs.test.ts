import { Metadata } from '@grpc/grpc-js';
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { pino } from 'pino';
import { type Service, startService } from '../../../src/service.ts';
import { createOrder, orderRequest } from '../../support/order-requests.ts';
import { testConfig } from '../../support/test-config.ts';
import { createClient } from '../../support/unary-call.ts';
import { inWords } from '../faults/named-orders.ts';
import { until } from '../faults/until.ts';
import { type OpenStores, openStores } from '../orders/stores.ts';

const KEY = 'key-of-a-customer';
const CUSTOMER = 'customer-of-a-log';

let stores: OpenStores;
let service: Service;
let client: ReturnType<typeof createClient>;
const log: Record<string, unknown>[] = [];

beforeAll(async () => {
  stores = await openStores();
  const logger = pino({ level: 'info', base: null }, { write: (line: string) => void log.push(JSON.parse(line)) });
  service = await startService({ config: testConfig(stores), logger });
  client = createClient(service.port);
}, 60_000);

afterAll(async () => {
  client.close();
  await service.stop();
  await stores.close();
}, 60_000);

beforeEach(() => {
  log.length = 0;
});

const call = (customerId: string, requestId: string) => {
  const metadata = new Metadata();
  metadata.set('x-request-id', requestId);
  return createOrder(client, orderRequest({ customerId }), { key: KEY, metadata });
};

test('an ordinary call writes nothing; its replay and its misuse are a line each, with the request id and what to do', async () => {
  expect(inWords(await call(CUSTOMER, 'first'))).toBe('OK executed');
  expect(log).toEqual([]);
  expect(inWords(await call(CUSTOMER, 'second'))).toBe('OK replayed');
  expect(inWords(await call('somebody-else', 'third'))).toBe('INVALID_ARGUMENT IDEMPOTENCY_KEY_REUSED');
  const record = expect.stringMatching(/^[0-9a-f]{16}$/);
  const method = '/orders.v1.OrderService/CreateOrder';
  expect(log).toMatchObject([
    {
      level: 30,
      event: 'replayed',
      method,
      record,
      requestId: 'second',
      msg: expect.stringContaining('nothing to do'),
    },
    {
      level: 40,
      event: 'mismatch',
      method,
      record,
      requestId: 'third',
      msg: expect.stringContaining('tell the caller'),
    },
  ]);
  expect(log[0]?.['record']).toBe(log[1]?.['record']);
  expect(JSON.stringify(log)).not.toMatch(new RegExp(`${KEY}|${CUSTOMER}|somebody-else`));
});

test('a client that retries in a loop does not flood the log: so many lines a second, and how many more there were', async () => {
  const CALLS = 200;
  for (let index = 0; index < CALLS; index += 1) await call(CUSTOMER, `loop-${index}`);
  const logged = () => log.filter(({ event }) => event === 'replayed');
  await until('a line says how many were left out', async () => {
    await call(CUSTOMER, 'one more');
    return logged().some(({ notLogged }) => typeof notLogged === 'number');
  });
  const told = logged().reduce((sum, { notLogged = 0 }) => sum + 1 + Number(notLogged), 0);
  expect(told).toBeGreaterThanOrEqual(20);
  expect(logged().length).toBeLessThan(CALLS / 2);
});

test('Redis that goes and comes is two lines, however many calls fail at it', async () => {
  await stores.redis.kill();
  for (let index = 0; index < 50; index += 1) await call(CUSTOMER, `degraded-${index}`);
  const gone = () => log.filter(({ msg }) => /degraded/.test(String(msg)));
  await until('it is told', () => gone().length === 1);
  expect(gone()).toMatchObject([{ level: 40, msg: expect.stringContaining('npm run doctor') }]);
  await stores.redis.restart();
  await until('it is told that Redis is back', () => gone().length === 2);
  expect(gone()).toMatchObject([{ level: 40 }, { level: 30 }]);
}, 60_000);
