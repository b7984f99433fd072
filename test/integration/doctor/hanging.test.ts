import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Client } from 'pg';
import { type OwnPostgres, startOwnPostgres } from '../../support/own-postgres.ts';
import { startTestRedis, type TestRedis } from '../../support/redis.ts';
import { storiesAtOnce } from '../../support/stories-at-once.ts';
import { startTcpProxy } from '../../support/tcp-proxy.ts';
import { examined, told } from './examined.ts';
import { arrangedDatabase } from './rows.ts';

// Servers that are gone, or stand still.

let postgres: OwnPostgres;
let redis: TestRedis;

beforeAll(async () => {
  [postgres, redis] = await Promise.all([startOwnPostgres({ max_connections: '12' }), startTestRedis()]);
});

afterAll(async () => {
  await Promise.all([postgres.stop(), redis.stop()]);
});

function stores() {
  return { databaseUrl: postgres.url, redisUrl: redis.url };
}

/** Each limit of the doctor is a few seconds. */
const LIMIT_MS = 10_000;

const ofPostgres = [
  'postgres',
  'connections',
  'proxy',
  'durability',
  'standby',
  'clock',
  'migrations',
  'job-schema',
  'queue',
  'dead-letters',
  'unfinished',
  'ledger',
  'events',
  'publishing',
  'stream',
];
const ofRedis = ['redis-version', 'redis-clock', 'scripts', 'eviction', 'persistence', 'records'];

test('a PostgreSQL without room for us is a warning, and one whose last connection the doctor takes a fault', async () => {
  const roomy = (await examined(stores())).of('connections');
  const others = Array.from({ length: 8 }, () => new Client({ connectionString: postgres.url }));
  for (const client of others) await client.connect();
  const { of, at } = await examined(stores());
  for (const client of others) await client.end();
  expect(roomy).toMatchObject({ level: 'warning', facts: { allowed: 9, wanted: 16 } });
  expect(of('connections')).toMatchObject({ level: 'fault', message: '9 of 9 connections are in use' });
  // The checks have taken turns; only that of the proxy needs two.
  expect(at('fault')).toEqual(['connections', 'durability']);
  expect(of('proxy').message).toBe('not looked at: no way to PostgreSQL');
  expect(of('ledger').level).toBe('ok');
});

describe('while both servers stand still', () => {
  beforeAll(() => Promise.all([postgres.freeze(), redis.freeze()]));
  afterAll(() => Promise.all([postgres.thaw(), redis.thaw()]));

  storiesAtOnce({
    'with both servers standing still every check ends in time and says so': async () => {
      const beganMs = performance.now();
      const { code, at, of } = await examined(stores());
      const tookMs = performance.now() - beganMs;
      expect(tookMs).toBeLessThan(LIMIT_MS);
      expect(code).toBe(1);
      expect(at('fault')).toEqual(['database', 'redis']);
      expect(at('ok')).toEqual(['versions']);
      for (const check of ofPostgres) expect(of(check).message).toBe('not looked at: no way to PostgreSQL');
      for (const check of ofRedis) expect(of(check).message).toBe('not looked at: no way to Redis');
    },

    'a requeue that finds the database standing still ends in time with exit code 1': async () => {
      const beganMs = performance.now();
      const { code, complaints } = await told({ requeue: 'all' }, stores());
      const tookMs = performance.now() - beganMs;
      expect({ code, complaints }).toEqual({
        code: 1,
        complaints: expect.stringMatching(/^nothing more was requeued: .+\n$/),
      });
      expect(tookMs).toBeLessThan(LIMIT_MS);
    },

    'an answer that never comes ends its own check alone': async () => {
      // Of a PostgreSQL that does not stand still.
      const [database, awake] = await Promise.all([arrangedDatabase(), startTestRedis()]);
      try {
        await using proxy = await startTcpProxy(Number(new URL(database.url).port));
        proxy.swallowReplyTo('pg_is_in_recovery');
        const url = new URL(database.url);
        url.port = String(proxy.port);
        const { at, of } = await examined({ databaseUrl: url.href, redisUrl: awake.url });
        expect(of('database').message).toBe('cannot be reached: the database said nothing for 2500 ms');
        expect(at('fault')).toEqual(['database', 'durability']);
      } finally {
        await Promise.all([database.drop(), awake.stop()]);
      }
    },
  });
});

test('with both servers gone their addresses are told, and their passwords are not', async () => {
  const { port } = redis;
  await Promise.all([postgres.killHard(), redis.kill()]);
  const url = new URL(postgres.url);
  url.password = 'open-sesame';
  const gone = { databaseUrl: url.href, redisUrl: `redis://:hush-hush@127.0.0.1:${port}` };
  const { code, of, checks } = await examined(gone);
  expect(code).toBe(1);
  expect(of('database').message).toBe(`cannot be reached: connect ECONNREFUSED 127.0.0.1:${postgres.port}`);
  expect(of('redis').message).toBe(`cannot be reached: connect ECONNREFUSED 127.0.0.1:${port}`);
  const { output } = await told({}, gone);
  expect(output).toContain(`postgres://orders:***@127.0.0.1:${postgres.port}/orders`);
  expect(output).toContain(`redis://:***@127.0.0.1:${port}, prefix orders`);
  for (const secret of ['open-sesame', 'hush-hush']) expect(`${output}${JSON.stringify(checks)}`).not.toContain(secret);
});
