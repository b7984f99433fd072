import { expect, test } from '@jest/globals';
import { Client } from 'pg';
import { connectionSettings, createOrm } from '../../../src/database/orm.ts';
import { testConfig } from '../../support/test-config.ts';

/** How pg would connect. No server is needed for it. */
function parametersOf(url: string) {
  const client = new Client(connectionSettings({ ...testConfig({ databaseUrl: url }).database }));
  const { host, port, user, password, database, ssl } = client;
  return { host, port, user, password, database, ssl };
}

const plain = { host: 'db.example', port: 5432, user: 'u', password: 'p', database: 'd', ssl: false };

test.each([
  ['postgres://u:p@db.example/d', plain],
  ['postgresql://u:p@db.example:6543/d', { ...plain, port: 6543 }],
  ['postgres://u:p@[::1]:5433/d', { ...plain, host: '::1', port: 5433 }],
  ['postgres://u:p@[2001:db8::7]/d', { ...plain, host: '2001:db8::7' }],
  ['postgres://u%40x:p%2F%3F%23%25@db.example/d%20e', { ...plain, user: 'u@x', password: 'p/?#%', database: 'd e' }],
  ['postgres://u:p@db.example/d?sslmode=disable', plain],
])('%s leads where it says', (url, expected) => {
  expect(parametersOf(url)).toEqual(expected);
});

test('sslmode=verify-full asks for TLS', () => {
  expect(parametersOf('postgres://u:p@db.example/d?sslmode=verify-full').ssl).toEqual({});
});

test.each(['postgres://u:p@[::1]:5433/d', 'postgres://u:p@db.example/d?sslmode=verify-full'])(
  'the pool of MikroORM connects to %s as pg itself would',
  async (url) => {
    const options = testConfig({ databaseUrl: url }, { DATABASE_POOL_SIZE: '7' }).database;
    const orm = createOrm(options);
    try {
      const { driverOptions, pool } = orm.config.getAll();
      expect(driverOptions).toMatchObject(connectionSettings(options));
      expect(connectionSettings(options).connectionString).toBe(url);
      expect(pool).toMatchObject({ max: 7 });
    } finally {
      await orm.close(true);
    }
  },
);

test('every timeout is set on purpose, and is the one of the configuration', () => {
  const options = testConfig(
    { databaseUrl: 'postgres://u:p@db.example/d' },
    {
      DATABASE_CONNECT_TIMEOUT_MS: '11',
      DATABASE_STATEMENT_TIMEOUT_MS: '22',
      DATABASE_LOCK_TIMEOUT_MS: '12',
      DATABASE_IDLE_IN_TRANSACTION_TIMEOUT_MS: '33',
    },
  ).database;
  expect(connectionSettings(options)).toMatchObject({
    connectionTimeoutMillis: 11,
    statement_timeout: 22,
    lock_timeout: 12,
    idle_in_transaction_session_timeout: 33,
  });
});
