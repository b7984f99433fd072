import { hostname } from 'node:os';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import {
  GetRecordRequest,
  IdempotencyServiceService,
  ListRecordsRequest,
} from '../../../src/generated/idempotency/v1/idempotency_service.ts';
import { RecordState } from '../../../src/generated/idempotency/v1/record.ts';
import { createdOrder, createOrder, orderRequest } from '../../support/order-requests.ts';
import { startTestService, type TestService } from '../../support/order-service.ts';
import { type ServiceProcess, startServiceProcess } from '../../support/service-process.ts';
import { unaryCall } from '../../support/unary-call.ts';
import { until } from '../idempotency/stage/until.ts';
import { type OpenStores, openStores } from '../orders/stores.ts';
import { foundRecord, recordPage } from './inspected-service.ts';

// The order service as it runs, one in this process and one in another, which stops in the middle of a call.

const method = 'orders.v1.OrderService/CreateOrder';
const { getRecord, listRecords } = IdempotencyServiceService;
let stores: OpenStores;
let service: TestService;
let other: ServiceProcess;

beforeAll(async () => {
  stores = await openStores();
  [service, other] = await Promise.all([
    startTestService(stores),
    startServiceProcess({ ...stores, pauseAt: 'before_commit' }),
  ]);
}, 60_000);

afterAll(async () => {
  await other.kill();
  await service.stop();
  await stores.close();
}, 60_000);

const list = async (request: Partial<ListRecordsRequest> = {}) =>
  recordPage(await unaryCall(service.client, listRecords, ListRecordsRequest.fromPartial(request)));

const get = async (key: string) =>
  foundRecord(await unaryCall(service.client, getRecord, GetRecordRequest.fromPartial({ method, key }))).record;

test('a call that runs in another process is listed here; its process dies, and the next attempt is the second', async () => {
  createdOrder(await createOrder(service.client, orderRequest(), { key: 'settled' }));
  const interrupted = createOrder(other.client, orderRequest(), { key: 'interrupted' });
  await other.paused();
  await until('the announcement', async () => (await list()).records.length === 2);
  const [running, settled] = (await list()).records;
  const owner = { host: hostname(), processId: other.processId };
  expect(running).toMatchObject({ key: 'interrupted', state: RecordState.RECORD_STATE_PENDING, owner, attempts: 1 });
  expect(settled).toMatchObject({ key: 'settled', method: `/${method}`, principal: 'anonymous' });

  await other.kill();
  await interrupted;
  // The claim outlives its process by a lease, and by a second in which it is to be taken over.
  await until('the end of its lease', async () => (await get('interrupted'))?.note !== '');
  expect(await get('interrupted')).toMatchObject({ state: RecordState.RECORD_STATE_PENDING, owner, attempts: 1 });
  createdOrder(await createOrder(service.client, orderRequest(), { key: 'interrupted' }));
  await until('its end in Redis', async () => (await get('interrupted'))?.attempts === 2);
  expect(await get('interrupted')).toMatchObject({ state: RecordState.RECORD_STATE_COMPLETED });
});

test('a page token of one process is one of all', async () => {
  const page = await list({ pageSize: 1 });
  const next = await startTestService(stores);
  const request = ListRecordsRequest.fromPartial({ pageSize: 1, pageToken: page.nextPageToken });
  const second = recordPage(await unaryCall(next.client, listRecords, request));
  await next.stop();
  expect([page, second].map(({ records }) => records.map(({ key }) => key))).toEqual([['interrupted'], ['settled']]);
});
