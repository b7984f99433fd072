import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { EchoServiceService, SayRequest } from '../../generated/echo/v1/echo_service.ts';
import { type EchoService, startEchoService } from '../../support/echo-service.ts';
import { createTestDatabase, type TestDatabase } from '../../support/postgres.ts';
import { startTestRedis, type TestRedis } from '../../support/redis.ts';
import { status, unaryCall } from '../../support/unary-call.ts';

let database: TestDatabase;
let redis: TestRedis;
let echo: EchoService;

beforeAll(async () => {
  [database, redis] = await Promise.all([createTestDatabase(), startTestRedis()]);
  echo = await startEchoService({ databaseUrl: database.url, redisUrl: redis.url });
});

afterAll(async () => {
  await echo.stop();
  await Promise.all([database.drop(), redis.stop()]);
});

test('a duplicate is replayed and the handler runs once', async () => {
  const request = SayRequest.fromPartial({ text: 'hello' });
  const first = await unaryCall(echo.client, EchoServiceService.say, request, { key: 'k' });
  const second = await unaryCall(echo.client, EchoServiceService.say, request, { key: 'k' });
  expect(first.code).toBe(status.OK);
  expect(second.response).toEqual(first.response);
  expect(echo.runs()).toBe(1);
});
