import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Migrator } from '@mikro-orm/migrations';
import { migrate } from '../../../src/database/migrate.ts';
import { migrations } from '../../../src/database/migrations/migrations.ts';
import { createOrm } from '../../../src/database/orm.ts';
import { poll } from '../../../src/embedded/poll.ts';
import { createTestDatabase, type TestDatabase } from '../../support/postgres.ts';
import { testConfig } from '../../support/test-config.ts';
import { queryDatabase } from '../faults/query-database.ts';
import { type Audit, openAudit } from '../orders/audit.ts';

let database: TestDatabase;
let audit: Audit;
const names = migrations.map(({ name }) => name);

beforeAll(async () => {
  database = await createTestDatabase({ isEmpty: true });
  audit = await openAudit(database.url);
});

afterAll(async () => {
  await audit.close();
  await database.drop();
}, 60_000);

function options() {
  return testConfig({ databaseUrl: database.url }).database;
}

test('five that migrate at once all succeed, and each migration is applied once', async () => {
  const applied = await Promise.all(Array.from({ length: 5 }, () => migrate(options())));
  expect(applied.flat().sort()).toEqual(names);
  expect(await audit.run('select name from schema_migrations order by id')).toEqual(names.map((name) => ({ name })));
});

test('a database that is migrated already stays as it is', async () => {
  const secrets = await audit.run('select * from service_secrets');
  expect(await migrate(options())).toEqual([]);
  expect(await audit.run('select * from service_secrets')).toEqual(secrets);
});

test('whoever migrates waits for another one, and does nothing by itself meanwhile', async () => {
  const [lock] = await audit.run(`select 7216350811 as id, pg_advisory_lock(7216350811)`);
  expect(lock).toMatchObject({ id: '7216350811' });
  const waiting = migrate(options());
  const waiters = `select count(*)::int as count from pg_locks where locktype = 'advisory' and not granted`;
  const isWaiting = async () => ((await audit.run(waiters))[0]?.['count'] === 1 ? true : undefined);
  expect(await poll(isWaiting, { timeoutMs: 30_000 })).toBe(true);
  await audit.run('select pg_advisory_unlock(7216350811)');
  expect(await waiting).toEqual([]);
});

test('a migration that takes longer than a call may, here because of a lock, is given its time', async () => {
  const hasty = testConfig({ databaseUrl: database.url }, { DATABASE_LOCK_TIMEOUT_MS: '200' }).database;
  await audit.run('begin');
  await audit.run('lock table schema_migrations');
  let isOver = false;
  const waiting = migrate(hasty).finally(() => {
    isOver = true;
  });
  await sleep(1_000);
  expect(isOver).toBe(false);
  await audit.run('rollback');
  expect(await waiting).toEqual([]);
});

test('the migrations have numbers that rise, and are sorted by them', () => {
  expect(names).toEqual([...names].sort());
  for (const [index, name] of names.entries()) expect(Number.parseInt(name, 10)).toBe(index + 1);
});

test('the migrated schema is the one that the entities describe', async () => {
  const orm = createOrm(options(), {
    extensions: [Migrator],
    // The job queue has a schema of its own, and looks after it.
    schemaGenerator: { skipTables: ['schema_migrations'], ignoreSchema: ['graphile_worker'] },
  });
  try {
    // Entities know nothing of functions, and would have ours dropped.
    expect(await orm.schema.getUpdateSchemaSQL({ wrap: false })).toBe(
      'drop function if exists "hasten_order"(uuid);\n',
    );
  } finally {
    await orm.close(true);
  }
});

test('a database that cannot keep every text is refused, with what to do, and left as it is', async () => {
  const elsewhere = new URL(database.url);
  elsewhere.pathname = '/postgres';
  const latin = new URL(database.url);
  latin.pathname += '_latin';
  const name = latin.pathname.slice(1);
  await queryDatabase(
    elsewhere.href,
    `create database ${name} encoding 'LATIN1' locale_provider libc lc_collate 'C' lc_ctype 'C' template template0`,
  );
  try {
    await expect(migrate(testConfig({ databaseUrl: latin.href }).database)).rejects.toThrow(/encoding LATIN1.*UTF8/s);
    expect(await queryDatabase(latin.href, "select from pg_namespace where nspname = 'graphile_worker'")).toEqual([]);
  } finally {
    await queryDatabase(elsewhere.href, `drop database ${name}`);
  }
});
