import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { nodeEnvironment } from '../../support/node-environment.ts';
import { createTestDatabase, type TestDatabase } from '../../support/postgres.ts';

let databases: readonly TestDatabase[];

beforeAll(async () => {
  databases = await Promise.all(Array.from({ length: 6 }, () => createTestDatabase()));
}, 60_000);

afterAll(async () => {
  await Promise.all(databases.map((database) => database.drop()));
}, 60_000);

const program = fileURLToPath(new URL('./cut-starts.ts', import.meta.url));

test.each([
  { how: 'is reset', loss: 'reset' },
  { how: 'falls silent', loss: 'deaf' },
])(
  'whenever a connection to PostgreSQL $how while `serve` starts, it begins again, and then serves',
  async ({ loss }) => {
    const urls = databases.map(({ url }) => url).join(',');
    const { stdout } = await promisify(execFile)(process.execPath, [program, urls, loss], { env: nodeEnvironment() });
    const losses: boolean[] = JSON.parse(stdout);
    // The first answers come in every start, the last in none.
    expect([losses[0], losses.at(-1)]).toEqual([true, false]);
    expect(losses.filter((isLost) => isLost).length).toBeGreaterThan(10);
  },
  120_000,
);
