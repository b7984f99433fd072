import { once } from 'node:events';
import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import type { Pool, PoolClient } from 'pg';
import { openJobPool } from '../../../src/database/job-pool.ts';
import { createTestDatabase, type TestDatabase } from '../../support/postgres.ts';
import { startTcpProxy, type TcpProxy } from '../../support/tcp-proxy.ts';
import { testConfig } from '../../support/test-config.ts';
import { type Audit, openAudit } from '../orders/audit.ts';

// What the queue is spared: an error that nobody hears of ends the process, and here the test.

let database: TestDatabase;
let proxy: TcpProxy;
let audit: Audit;
const endings: (() => Promise<unknown>)[] = [];

beforeAll(async () => {
  database = await createTestDatabase();
  proxy = await startTcpProxy(Number(new URL(database.url).port));
  audit = await openAudit(database.url);
});

afterEach(async () => {
  for (const end of endings.splice(0).reverse()) await end();
});

afterAll(async () => {
  await audit.close();
  await proxy.stop();
  await database.drop();
});

function opened(size = 3, databaseUrl = database.url, connectTimeoutMs = 10_000) {
  const lost: unknown[] = [];
  const options = { ...testConfig({ databaseUrl }).database, connectTimeoutMs };
  const pool = openJobPool(options, size, (error) => lost.push(error));
  endings.push(() => pool.end());
  return { pool, lost };
}

/** Takes a connection that is given back at the end of the test at the latest. */
async function taken(pool: Pool): Promise<PoolClient> {
  const client = await pool.connect();
  endings.push(async () => client.release());
  return client;
}

/** Ends all connections of the pool from the other side. */
async function terminateAll(count: number): Promise<void> {
  const rows = await audit.run(
    `select pg_terminate_backend(pid, 5000) as ended from pg_stat_activity
    where datname = current_database() and pid <> pg_backend_pid()`,
  );
  expect(rows).toEqual(Array(count).fill({ ended: true }));
}

const works = async (pool: Pool) => (await pool.query('select 1 as one')).rows;
/** Not `once`: that would fail with the error that comes first. */
const ended = (client: PoolClient) => new Promise<void>((resolve) => client.once('end', () => resolve()));

/** How the queue ends a job: it neither waits for this, nor hears of its failure. */
const endOf = (text: string, name = 'complete_job/graphile_worker') => ({ name, text });

test('idle connections that are terminated are replaced, and nothing is left unheard', async () => {
  const { pool, lost } = opened();
  const clients = await Promise.all([pool.connect(), pool.connect(), pool.connect()]);
  const ends = clients.map(ended);
  for (const client of clients) client.release();
  await terminateAll(3);
  await Promise.all(ends);
  expect([await works(pool), lost]).toEqual([[{ one: 1 }], []]);
});

test('busy connections that are terminated fail their statements, those at rest nothing, and all are replaced', async () => {
  const { pool, lost } = opened();
  const [fetching, ending, resting] = await Promise.all([taken(pool), taken(pool), taken(pool)]);
  const ends = [fetching, ending, resting].map(ended);
  const fetched = expect(fetching.query('select pg_sleep(60)')).rejects.toThrow('terminating connection');
  const written = ending.query(endOf('select pg_sleep(60)'));
  await terminateAll(3);
  await Promise.all([fetched, ...ends]);
  expect(await written).toMatchObject({ rows: [] });
  expect(lost).toMatchObject([{ message: expect.stringContaining('terminating connection') }]);
  for (const end of endings.splice(1)) await end();
  expect(await works(pool)).toEqual([{ one: 1 }]);
});

test.each([
  'complete_job/graphile_worker',
  'complete_job_q/graphile_worker',
  'fail_job/graphile_worker',
  'fail_jobs/x',
])('an end of a job that cannot be written is told, and resolves: %s', async (name) => {
  const { pool, lost } = opened();
  const client = await taken(pool);
  expect(await client.query(endOf('select 1 / 0', name))).toEqual({ rows: [] });
  expect(lost).toMatchObject([{ message: 'division by zero' }]);
  const written = await client.query(endOf('select 1 as one', `${name}/next`));
  expect([written.rows, lost.length]).toEqual([[{ one: 1 }], 1]);
});

test.each([
  ['with another name', { name: 'get_job/graphile_worker', text: 'select 1 / 0' }],
  ['without a name', { text: 'select 1 / 0' }],
])('a statement %s fails as ever', async (_what, statement) => {
  const { pool, lost } = opened();
  await expect((await taken(pool)).query(statement)).rejects.toThrow('division by zero');
  await expect((await taken(pool)).query('select 1 / 0')).rejects.toThrow('division by zero');
  expect(lost).toEqual([]);
});

const withoutConnections: readonly (readonly [string, () => Promise<ReturnType<typeof opened>>])[] = [
  [
    'PostgreSQL is gone',
    async () => {
      const url = new URL(database.url);
      const gone = await startTcpProxy(Number(url.port));
      url.port = String(gone.port);
      await gone.stop();
      return opened(3, url.href);
    },
  ],
  [
    'PostgreSQL does not answer',
    async () => {
      const url = new URL(database.url);
      url.port = String(proxy.port);
      proxy.swallow();
      endings.push(async () => proxy.heal());
      return opened(3, url.href, 100);
    },
  ],
  [
    'all connections are in use',
    async () => {
      const stage = opened(1, database.url, 100);
      await taken(stage.pool);
      return stage;
    },
  ],
];

test.each(withoutConnections)('while %s, jobs cannot be fetched, and ends of jobs are told', async (_what, arrange) => {
  const { pool, lost } = await arrange();
  const client = await pool.connect();
  const fetched: unknown = await client.query('select 1').catch((error: unknown) => error);
  // By some codes the queue would wait for minutes.
  expect(fetched).toMatchObject({ message: 'there is no connection for the queue', cause: expect.anything() });
  expect(fetched).not.toHaveProperty('code');
  expect(lost).toEqual([]);
  expect(await client.query(endOf('select 1'))).toEqual({ rows: [] });
  expect(lost).toMatchObject([{ message: 'there is no connection for the queue' }]);
  client.release();
});

test('with a callback, as the queue listens, a connection comes with its news, may be given back twice, and a failure comes as such', async () => {
  const { pool } = opened();
  const [client, release] = await new Promise<[PoolClient, () => void]>((resolve, reject) => {
    pool.connect((error, connected, done) => {
      if (error !== undefined || connected === undefined) reject(error);
      else resolve([connected, done]);
    });
  });
  await client.query('listen news');
  const news = once(client, 'notification');
  await audit.run(`notify news, 'a job'`);
  expect(await news).toMatchObject([{ channel: 'news', payload: 'a job' }]);
  // The queue does so when it loses this connection while it stops.
  release();
  release();
  expect([pool.totalCount, pool.idleCount]).toEqual([1, 1]);

  const full = opened(1, database.url, 100);
  await taken(full.pool);
  const failure = await new Promise((resolve) => full.pool.connect((error) => resolve(error)));
  expect(failure).toBeInstanceOf(Error);
});
