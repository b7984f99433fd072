import { once } from 'node:events';
import { createServer } from 'node:net';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Client } from 'pg';
import { migrate } from '../../../src/database/migrate.ts';
import { connectToOwnSession, SharedSessionError } from '../../../src/database/own-session.ts';
import { createTestDatabase, type TestDatabase } from '../../support/postgres.ts';
import { testConfig } from '../../support/test-config.ts';

let database: TestDatabase;

beforeAll(async () => {
  database = await createTestDatabase({ isEmpty: true });
});

afterAll(async () => await database.drop(), 60_000);

/** What PgBouncer answers to a start-up message with a setting that it does not know. */
function refusal(): Buffer {
  const fields = ['SFATAL', 'VFATAL', 'C08P01', 'Munsupported startup parameter: statement_timeout', ''];
  const body = Buffer.from(fields.map((field) => `${field}\0`).join(''));
  const head = Buffer.alloc(5, 'E');
  head.writeInt32BE(body.length + 4, 1);
  return Buffer.concat([head, body]);
}

test('a pooler that refuses the settings of a connection (A8) is refused at start, with what to do', async () => {
  const pooler = createServer((socket) => {
    socket.on('error', () => {}).once('data', () => socket.end(refusal()));
  }).listen(0, '127.0.0.1');
  await once(pooler, 'listening');
  const address = pooler.address();
  try {
    const port = typeof address === 'object' ? address?.port : undefined;
    const { database: options } = testConfig({ databaseUrl: `postgres://orders@127.0.0.1:${port}/orders` });
    await expect(migrate(options)).rejects.toThrow(/^DATABASE_URL leads to a pooler.*it refuses the settings/);
  } finally {
    pooler.close();
  }
});

test('a pooler that drops the settings of a connection (A8) is noticed by what the session has', async () => {
  const client = new Client({ connectionString: database.url });
  try {
    await expect(connectToOwnSession(client, { statementTimeoutMs: 1_234, silenceLimitMs: 10_000 })).rejects.toThrow(
      SharedSessionError,
    );
  } finally {
    await client.end();
  }
});

test('a session that has what was asked for is taken', async () => {
  const client = new Client({ connectionString: database.url, statement_timeout: 1_234 });
  try {
    await connectToOwnSession(client, { statementTimeoutMs: 1_234, silenceLimitMs: 10_000 });
    expect((await client.query('show statement_timeout')).rows).toEqual([{ statement_timeout: '1234ms' }]);
  } finally {
    await client.end();
  }
});
