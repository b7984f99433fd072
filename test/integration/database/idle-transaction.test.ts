import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Client } from 'pg';
import { connectionSettings } from '../../../src/database/orm.ts';
import { createTestDatabase, type TestDatabase } from '../../support/postgres.ts';
import { testConfig } from '../../support/test-config.ts';

const LIMIT_MS = 1_000;
let database: TestDatabase;

beforeAll(async () => {
  database = await createTestDatabase();
});

afterAll(() => database.drop());

test('P10 a transaction that goes on may take longer than the limit; when it stands still, PostgreSQL ends its connection', async () => {
  const settings = { DATABASE_IDLE_IN_TRANSACTION_TIMEOUT_MS: String(LIMIT_MS) };
  const client = new Client(connectionSettings(testConfig({ databaseUrl: database.url }, settings).database));
  const error = once(client, 'error');
  await using ended = new AsyncDisposableStack();
  ended.defer(() => client.end());
  await client.connect();
  await client.query('begin');
  const startedMs = performance.now();
  while (performance.now() - startedMs < 1.5 * LIMIT_MS) {
    await client.query('select 1');
    await sleep(LIMIT_MS / 20);
  }
  // IdleInTransactionSessionTimeout
  expect(await error).toMatchObject([{ code: '25P03' }]);
});
