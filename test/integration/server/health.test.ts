import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { poll } from '../../../src/embedded/poll.ts';
import { createdOrder, createOrder, orderRequest } from '../../support/order-requests.ts';
import { startTestService, type TestService } from '../../support/order-service.ts';
import { type OwnPostgres, startOwnPostgres } from '../../support/own-postgres.ts';
import { metadataValue, status } from '../../support/unary-call.ts';
import { checkHealth, type HealthWatch, watchHealth } from './health-client.ts';

const names = ['', 'orders.v1.OrderService', 'idempotency.v1.IdempotencyService'];
let postgres: OwnPostgres;
let hasty: TestService;
let patient: TestService;

beforeAll(async () => {
  postgres = await startOwnPostgres();
  hasty = await startTestService({ databaseUrl: postgres.url, settings: { DATABASE_GRACE_MS: '500' } });
  patient = await startTestService({ databaseUrl: postgres.url, settings: { DATABASE_GRACE_MS: '600000' } });
}, 60_000);

afterAll(async () => {
  await Promise.all([hasty.stop(), patient.stop()]);
  await postgres.stop();
}, 60_000);

test.each(names)('the health of "%s" is SERVING, also without Redis', async (name) => {
  expect((await checkHealth(hasty.client, name)).health).toBe('SERVING');
});

test('the health of a service that is not there is NOT_FOUND, and a watch over it says so', async () => {
  expect((await checkHealth(hasty.client, 'orders.v1.Other')).result.code).toBe(status.NOT_FOUND);
  const watch = watchHealth(hasty.client, 'orders.v1.Other');
  await watch.told(1);
  expect(watch.seen).toEqual(['SERVICE_UNKNOWN']);
  watch.cancel();
});

test('a database that is gone for longer than the grace time makes the service NOT_SERVING, until it is back', async () => {
  const watches: readonly HealthWatch[] = names.map((name) => watchHealth(hasty.client, name));
  const patientWatch = watchHealth(patient.client, '');
  await Promise.all([...watches, patientWatch].map((watch) => watch.told(1)));
  await postgres.killHard();
  await Promise.all(watches.map((watch) => watch.told(2)));
  for (const name of names) expect((await checkHealth(hasty.client, name)).health).toBe('NOT_SERVING');
  expect((await checkHealth(patient.client, '')).health).toBe('SERVING');
  // Which of the two it is that will not last.
  expect((await checkHealth(patient.client, 'postgresql')).health).toBe('NOT_SERVING');

  const refused = await createOrder(hasty.client, orderRequest(), { key: 'meanwhile' });
  expect(refused).toMatchObject({ code: status.UNAVAILABLE, hadHeaders: false });
  expect(refused.errorInfo).toMatchObject({ domain: 'orders.v1', reason: 'DATABASE_UNAVAILABLE' });
  expect(refused.retryInfo?.retryDelay).toEqual({ seconds: 1n, nanos: 0 });
  expect(metadataValue(refused, 'grpc-retry-pushback-ms')).toBe('1000');

  await postgres.restart();
  await Promise.all(watches.map((watch) => watch.told(3)));
  for (const watch of watches) expect(watch.seen).toEqual(['SERVING', 'NOT_SERVING', 'SERVING']);
  createdOrder(await createOrder(hasty.client, orderRequest(), { key: 'meanwhile' }));
  expect(new Set(patientWatch.seen)).toEqual(new Set(['SERVING']));
  for (const watch of [...watches, patientWatch]) watch.cancel();
}, 60_000);

test('a watch hears of changes only: a database that is back within the grace time is none', async () => {
  const watch = watchHealth(patient.client, '');
  await watch.told(1);
  const returns = () => patient.log.filter(({ msg }) => msg === 'the database is there').length;
  const before = returns();
  await postgres.restart();
  const isBack = async () => (returns() > before ? true : undefined);
  expect(await poll(isBack, { timeoutMs: 30_000 })).toBe(true);
  // An answer that comes behind whatever the watch was told.
  await checkHealth(patient.client, '');
  expect(watch.seen).toEqual(['SERVING']);
  watch.cancel();
});
