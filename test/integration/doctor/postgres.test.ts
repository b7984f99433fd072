import { once } from 'node:events';
import { createServer } from 'node:net';
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { type Examined, examined, told } from './examined.ts';
import { type Arranged, arrangedDatabase, insertWorker } from './rows.ts';

// What is seen of a PostgreSQL that is there, and not as it should be. That of the tests has fsync and full_page_writes off.

let database: Arranged;

beforeAll(async () => {
  database = await arrangedDatabase();
});

beforeEach(() => database.empty());

afterAll(() => database.drop());

const look = (settings: Readonly<Record<string, string>> = {}, databaseUrl = database.url) =>
  examined({ databaseUrl, settings });

/** Changes a setting of the database, for connections that are made from now on. */
async function withSetting<T>(name: string, value: string, work: () => Promise<T>): Promise<T> {
  const quoted = new URL(database.url).pathname.slice(1);
  await database.run(`alter database ${quoted} set ${name} = ${value}`);
  try {
    return await work();
  } finally {
    await database.run(`alter database ${quoted} reset ${name}`);
  }
}

test('P7 commits that are not on the disk when they are answered are a fault', async () => {
  const { of, code } = await withSetting('synchronous_commit', 'off', look);
  expect(of('durability')).toMatchObject({
    level: 'fault',
    message: 'fsync, full_page_writes, synchronous_commit off: orders can be lost (P7)',
    facts: { off: ['fsync', 'full_page_writes', 'synchronous_commit'] },
  });
  expect(code).toBe(1);
});

test('a database that is read-only is a fault', async () => {
  const { of } = await withSetting('default_transaction_read_only', 'on', look);
  expect(of('database')).toMatchObject({ level: 'fault', message: 'it is read-only: orders cannot be placed' });
});

test('more connections of ours than fit are a warning with the sum; a dead worker does not count', async () => {
  for (const [processId, age] of ['0', '0', '0', '1 minute'].entries()) await insertWorker(database, age, processId);
  expect((await look({ DATABASE_POOL_SIZE: '100' })).of('connections')).toMatchObject({
    level: 'warning',
    message: '3 × 106 connections of ours do not fit in 297',
    facts: { processes: 3, perProcess: 106, wanted: 318, allowed: 297 },
  });
});

test('a schema without the newest migration is a fault, and one with an unknown one a warning', async () => {
  await database.run(`update schema_migrations set name = '0999-later' where name = '0002-order-life'`);
  const old = (await look()).of('migrations');
  await database.run(`insert into schema_migrations (name) values ('0002-order-life')`);
  const young = (await look()).of('migrations');
  await database.run(`delete from schema_migrations where name = '0999-later'`);
  expect(old).toMatchObject({
    level: 'fault',
    message: 'not applied: 0002-order-life',
    advice: 'run `npm run migrate`',
  });
  expect(young).toMatchObject({ level: 'warning', message: 'unknown: 0999-later', facts: { unknown: ['0999-later'] } });
  expect((await look()).of('migrations').level).toBe('ok');
});

test('an older schema of the job queue is a fault, and a newer one a warning, or a fault if it broke with ours', async () => {
  const newest = `(select max(id) from graphile_worker.migrations)`;
  await database.run(`insert into graphile_worker.migrations (id, breaking) values (999, false)`);
  const newer = (await look()).of('job-schema');
  await database.run(`update graphile_worker.migrations set breaking = true where id = 999`);
  const broken = (await look()).of('job-schema');
  await database.run(`delete from graphile_worker.migrations where id = 999`);
  await database.run(`delete from graphile_worker.migrations where id = ${newest}`);
  const older = (await look()).of('job-schema');
  await database.run(`insert into graphile_worker.migrations (id) values (${newest} + 1)`);
  expect([newer, broken, older]).toMatchObject([
    { level: 'warning', facts: { version: 999 } },
    { level: 'fault', message: expect.stringContaining('too new') },
    { level: 'fault', advice: 'run `npm run migrate`' },
  ]);
  expect((await look()).of('job-schema').level).toBe('ok');
});

test('an empty database is told once, as one that was not migrated', async () => {
  const url = new URL(database.url);
  url.pathname = '/postgres';
  const { of, at } = await look({}, url.href);
  expect(of('migrations')).toMatchObject({ level: 'fault', advice: 'run `npm run migrate`' });
  expect(of('job-schema')).toMatchObject({ level: 'fault', message: 'the schema of the job queue is not there' });
  expect(of('queue')).toMatchObject({ level: 'warning', message: 'not looked at: the tables are not there' });
  expect(at('fault')).toEqual(['durability', 'migrations', 'job-schema']);
});

test.each([
  { aheadMs: 0, level: 'ok', message: /^within \d+ ms of this machine$/ },
  { aheadMs: 10_000, level: 'warning', message: /^the clock of PostgreSQL is (9|10) s behind this machine$/ },
  { aheadMs: -90_000, level: 'fault', message: /^the clock of PostgreSQL is (89|90) s ahead of this machine$/ },
])('a clock of this machine that is $aheadMs ms ahead is told at level $level', async ({ aheadMs, level, message }) => {
  const clock = () => Date.now() + aheadMs;
  const { of } = await examined({ databaseUrl: database.url, clock });
  expect(of('clock')).toMatchObject({ level, message: expect.stringMatching(message) });
});

test('nothing is changed: sessions that may only read see the same', async () => {
  const levels = ({ checks }: Examined) => Object.fromEntries(checks.map(({ check, level }) => [check, level]));
  const seen = await withSetting('default_transaction_read_only', 'on', look);
  expect(levels(seen)).toEqual({ ...levels(await look()), database: 'fault' });
});

/** Refuses every connection as PgBouncer does, unless it is told to ignore what it does not know. */
async function startRefusingProxy() {
  const fields = Buffer.from('SFATAL\0VFATAL\0C08P01\0Munsupported startup parameter: statement_timeout\0\0');
  const head = Buffer.from('E\0\0\0\0');
  head.writeInt32BE(fields.length + 4, 1);
  const server = createServer((socket) => {
    socket.on('error', () => {});
    socket.once('data', () => socket.end(Buffer.concat([head, fields])));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

test('A8 a proxy that refuses what connections begin with is a fault that names the remedy', async () => {
  const proxy = await startRefusingProxy();
  const url = new URL(database.url);
  const address = proxy.address();
  url.port = String(typeof address === 'object' ? address?.port : address);
  const { of } = await look({}, url.href);
  proxy.close();
  expect(of('proxy')).toMatchObject({
    level: 'fault',
    message: 'a proxy refuses the limits that connections begin with',
    advice: expect.stringContaining('let DATABASE_URL lead to PostgreSQL itself'),
  });
});

test('without Redis every check of it says that there is none', async () => {
  const { of, at, code } = await look();
  expect(of('redis')).toMatchObject({ level: 'warning', message: 'none configured: slower, but right' });
  for (const check of [
    'redis-version',
    'redis-clock',
    'scripts',
    'eviction',
    'persistence',
    'records',
    'stream',
    'publishing',
  ]) {
    expect(of(check)).toMatchObject({ level: 'ok', message: 'none configured: slower, but right' });
  }
  expect({ code, faults: at('fault') }).toEqual({ code: 1, faults: ['durability'] });
});

test('a configuration that is wrong ends with exit code 2, and so does an id that is none', async () => {
  const wrong = await told({}, { databaseUrl: 'mysql://user:sesame@host/orders' });
  expect(wrong).toMatchObject({ code: 2, output: '', complaints: expect.stringContaining('DATABASE_URL') });
  expect(wrong.complaints).not.toContain('sesame');
  const id = await told({ requeue: 'everything' }, { databaseUrl: database.url });
  expect(id).toMatchObject({ code: 2, output: '', complaints: expect.stringContaining('"everything" is no order id') });
});
