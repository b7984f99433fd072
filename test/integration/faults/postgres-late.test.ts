import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { findFreePort } from '../../../src/embedded/port.ts';
import { nodeEnvironment } from '../../support/node-environment.ts';
import { type OwnPostgres, startOwnPostgres } from '../../support/own-postgres.ts';
import { startTestRedis, type TestRedis } from '../../support/redis.ts';
import { testEnvironment } from '../../support/test-config.ts';
import { createClient } from '../../support/unary-call.ts';
import { expectPlacedOnce, inWords, place } from './named-orders.ts';
import { until } from './until.ts';

let postgres: OwnPostgres;
let redis: TestRedis;

beforeAll(async () => {
  [postgres, redis] = await Promise.all([startOwnPostgres(), startTestRedis()]);
});

afterAll(async () => {
  await Promise.all([postgres.stop(), redis.stop()]);
});

const absences: readonly (readonly [string, () => Promise<void>, () => Promise<void>])[] = [
  ['down', () => postgres.killHard(), () => postgres.restart()],
  ['frozen', () => postgres.freeze(), () => postgres.thaw()],
];

test.each(absences)('`serve` that finds PostgreSQL %s waits for it, and then serves', async (how, vanish, appear) => {
  await vanish();
  await using serve = await startServe();
  await serve.hasLogged('the database cannot be reached yet');
  await appear();
  await until('it serves', async () => inWords(await place(serve.client, 'answered')).startsWith('OK'));
  await expectPlacedOnce({ client: serve.client, databaseUrl: postgres.url }, `after-${how}`);
  expect(await serve.stop()).toBe(0);
});

/** The command as an operator runs it. */
async function startServe() {
  const port = await findFreePort();
  const stores = { databaseUrl: postgres.url, redisUrl: redis.url };
  const settings = { GRPC_LISTEN: `127.0.0.1:${port}`, DATABASE_CONNECT_TIMEOUT_MS: '500' };
  const main = fileURLToPath(new URL('../../../src/main.ts', import.meta.url));
  const env = { ...nodeEnvironment(), ...testEnvironment(stores, settings) };
  const child = spawn(process.execPath, [main, 'serve'], { env, stdio: ['ignore', 'pipe', 'inherit'] });
  const exited = once(child, 'exit').then(([code]: unknown[]) => code);
  const lines: string[] = [];
  createInterface({ input: child.stdout }).on('line', (line) => lines.push(line));
  const client = createClient(port, { 'grpc.max_reconnect_backoff_ms': 200, 'grpc.initial_reconnect_backoff_ms': 100 });
  return {
    client,
    hasLogged: (words: string) => until(`logged: ${words}`, () => lines.some((line) => line.includes(words))),
    stop: async () => {
      child.kill('SIGTERM');
      return await exited;
    },
    [Symbol.asyncDispose]: async () => {
      client.close();
      child.kill('SIGKILL');
      await exited;
    },
  };
}
