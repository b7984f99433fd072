import { Redis } from 'ioredis';
import pg from 'pg';
import { Database } from '../../../../src/database/database.ts';
import { PostgresLedger } from '../../../../src/database/ledger.ts';
import { OrderRepository } from '../../../../src/database/order-repository.ts';
import type { RedisStore } from '../../../../src/idempotency/index.ts';
import { createTestDatabase } from '../../../support/postgres.ts';
import { startTestRedis } from '../../../support/redis.ts';
import { testConfig } from '../../../support/test-config.ts';
import { newRecord, openStore } from '../scripts/store-bench.ts';
import { until } from '../stage/until.ts';

/** No command is given up on a busy machine: what has no answer is a choice of the sequences. */
const LIMIT_MS = 30_000;

/** How long the ledger remembers an expired entry here. */
export const MEMORY_MS = 7 * 86_400_000;

/** Real stores, which all sequences share: each has a key of its own. */
export interface SequenceStage extends AsyncDisposable {
  readonly store: RedisStore;
  readonly ledger: PostgresLedger;
  readonly orders: OrderRepository;
  /** The test's own ways to both. */
  readonly redis: Redis;
  readonly pool: pg.Pool;
}

export async function openSequenceStage(): Promise<SequenceStage> {
  await using stack = new AsyncDisposableStack();
  const [server, testDatabase] = await Promise.all([startTestRedis(), createTestDatabase()]);
  stack.defer(() => server.stop());
  stack.defer(() => testDatabase.drop());
  const options = testConfig({ databaseUrl: testDatabase.url }).database;
  const database = stack.adopt(new Database({ ...options, onChange: () => {} }), (opened) => opened.close());
  await database.start();
  const limits = { connectTimeoutMs: LIMIT_MS, commandTimeoutMs: LIMIT_MS, slowMs: LIMIT_MS };
  const store = stack.adopt(openStore(server.url, limits), (opened) => opened.close());
  await until('the connection of the store', async () => {
    const reply = await store.begin(store.newClaim(newRecord()));
    return reply.kind === 'acquired';
  });
  const redis = stack.adopt(new Redis(server.url), (client) => client.disconnect());
  const pool = stack.adopt(new pg.Pool({ connectionString: testDatabase.url, max: 4 }), (opened) => opened.end());
  const ledger = new PostgresLedger(database, { memoryMs: MEMORY_MS });
  const orders = new OrderRepository(database, ledger, { ...options, lockTimeoutMs: 1_000 });
  const opened = stack.move();
  return { store, ledger, orders, redis, pool, [Symbol.asyncDispose]: () => opened.disposeAsync() };
}
