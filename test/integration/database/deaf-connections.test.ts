import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { connect } from '../../../src/database/connect.ts';
import { Database } from '../../../src/database/database.ts';
import { openJobPool } from '../../../src/database/job-pool.ts';
import { migrate } from '../../../src/database/migrate.ts';
import { createTestDatabase, type TestDatabase } from '../../support/postgres.ts';
import { startTcpProxy, type TcpProxy } from '../../support/tcp-proxy.ts';
import { testConfig } from '../../support/test-config.ts';

// A network that drops packets sends no error: what is said is not heard, and no answer comes, a goodbye included.

const SILENCE_LIMIT_MS = 2_000;
/** What a loaded machine may add. */
const ALLOWANCE_MS = 6_000;

/** What a client says last (PostgreSQL's protocol, Terminate). */
const TERMINATE = 'X\x00\x00\x00\x04';

let database: TestDatabase;
let proxy: TcpProxy;

beforeAll(async () => {
  database = await createTestDatabase();
  proxy = await startTcpProxy(Number(new URL(database.url).port));
}, 60_000);

afterAll(async () => {
  await proxy.stop();
  await database.drop();
}, 60_000);

beforeEach(() => proxy.heal());

/** @param silenceLimitMs how long a connection may say nothing while it is asked something */
function options(silenceLimitMs = SILENCE_LIMIT_MS) {
  const url = new URL(database.url);
  url.port = String(proxy.port);
  return testConfig(
    { databaseUrl: url.href },
    {
      DATABASE_STATEMENT_TIMEOUT_MS: String(SILENCE_LIMIT_MS / 2),
      DATABASE_LOCK_TIMEOUT_MS: '500',
      DATABASE_SILENCE_LIMIT_MS: String(silenceLimitMs),
    },
  ).database;
}

/** Fails if something takes longer than the limit of silence, and what a machine may add. */
async function inTime<T>(work: Promise<T>): Promise<T> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new Error('it waits for ever')), SILENCE_LIMIT_MS + ALLOWANCE_MS);
  return await Promise.race([work, late.promise]).finally(() => clearTimeout(timer));
}

/** Ways in which connections are ended. */
const goodbyes: Readonly<Record<string, () => Promise<() => Promise<unknown>>>> = {
  'a connection of its own': async () => {
    const client = await connect(options(60_000));
    await client.query('select 1');
    return () => client.end();
  },
  'the pool of the job queue': async () => {
    const pool = openJobPool(options(60_000), 2, () => {});
    await pool.query('select 1');
    return () => pool.end();
  },
  'the database of a service that stops': async () => {
    const opened = new Database({ ...options(60_000), onChange: () => {} });
    await opened.start();
    await opened.read((entityManager) =>
      entityManager
        .getKysely()
        .selectNoFrom(({ val }) => val(1).as('one'))
        .execute(),
    );
    return () => opened.close();
  },
};

test.each(Object.entries(goodbyes))(
  'P10: nobody waits for ever for the answer to a goodbye: %s',
  async (_what, open) => {
    const end = await open();
    proxy.swallow();
    await inTime(end());
  },
);

test.each([
  { when: 'it asks for the lock', bytes: 'pg_advisory_lock' },
  { when: 'it asks about the text of the database', bytes: 'getdatabaseencoding' },
  { when: 'it looks at the job queue', bytes: 'graphile_worker' },
  { when: 'it looks which migrations there are', bytes: 'schema_migrations' },
  { when: 'it takes leave of the job queue', bytes: TERMINATE },
])('P10: a start that is cut off without a word fails in time, and the next one succeeds: $when', async ({ bytes }) => {
  proxy.swallowAfter(bytes);
  await expect(inTime(migrate(options()))).rejects.toThrow(/lock for migrations was lost|the database said nothing/);
  proxy.heal();
  expect(await inTime(migrate(options()))).toEqual([]);
});
