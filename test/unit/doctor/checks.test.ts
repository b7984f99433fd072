import { readdirSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { checkPostgresClock, checkRedisClock } from '../../../src/doctor/checks/clocks.ts';
import { checkDatabase } from '../../../src/doctor/checks/database.ts';
import { expectedJobSchema } from '../../../src/doctor/checks/job-schema.ts';
import { checkPostgresVersion } from '../../../src/doctor/checks/postgres-version.ts';
import { checkRedisVersion } from '../../../src/doctor/checks/redis-version.ts';
import { checkStandby } from '../../../src/doctor/checks/standby.ts';
import { checkVersions } from '../../../src/doctor/checks/versions.ts';
import { postgresWith, redisWith } from './servers.ts';

test.each([
  ['24.20.0', 'fault'],
  ['24.21.0', 'ok'],
  ['26.1.0', 'ok'],
])('Node %s is told at level %s', async (version, level) => {
  expect(await checkVersions(version)).toMatchObject({ level, message: expect.stringContaining(`Node ${version}`) });
});

test.each([
  { number: '130021', version: '13.21', level: 'fault', message: 'PostgreSQL 13.21 is too old' },
  { number: '140001', version: '14.1', level: 'ok', message: 'PostgreSQL 14.1; tested with 18' },
  { number: '180004', version: '18.4', level: 'ok', message: 'PostgreSQL 18.4' },
])('PostgreSQL $version is told at level $level', async ({ number, version, level, message }) => {
  expect(await checkPostgresVersion(postgresWith({ number, version }))).toMatchObject({ level, message });
});

test.each([
  { info: 'redis_version:6.0.16', level: 'fault', message: 'Redis 6.0.16 is too old' },
  { info: 'redis_version:6.2.0', level: 'ok', message: 'Redis 6.2.0' },
  { info: 'redis_version:7.2.4\r\nvalkey_version:8.1.1', level: 'ok', message: 'Valkey 8.1.1' },
])('a server that says $info is told at level $level', async ({ info, level, message }) => {
  expect(await checkRedisVersion(redisWith({ INFO: `# Server\r\n${info}\r\n` }))).toMatchObject({ level, message });
});

test('a standby is a fault: it cannot be written to', async () => {
  const found = await checkDatabase(postgresWith({ standby: true, read_only: true }));
  expect(found).toMatchObject({ level: 'fault', message: 'this is a standby: it cannot be written to' });
});

test.each([
  { standbys: 0, names: '', commit: 'on', level: 'ok' },
  { standbys: 1, names: '', commit: 'on', level: 'warning' },
  { standbys: 2, names: '*', commit: 'local', level: 'warning' },
  { standbys: 2, names: 'ANY 1 (a, b)', commit: 'on', level: 'ok' },
])(
  'P7 $standbys standbys with synchronous_standby_names "$names" and synchronous_commit $commit are told at level $level',
  async ({ level, ...row }) => {
    expect(await checkStandby(postgresWith(row))).toMatchObject({ level });
  },
);

/** A clock of this machine that shows these times, one after the other. */
function clockOf(...times: readonly number[]): () => number {
  const left = [...times];
  return () => left.shift() ?? 0;
}

test.each([
  { name: 'a second is no fault of a clock', server: 101_000, level: 'ok', aheadMs: 1_000 },
  { name: 'more than a second is', server: 101_001, level: 'warning', aheadMs: 1_001 },
  { name: 'thirty seconds is still a warning', server: 70_000, level: 'warning', aheadMs: -30_000 },
  { name: 'more than thirty is a fault', server: 69_999, level: 'fault', aheadMs: -30_001 },
])('a clock that is apart: $name', async ({ server, level, aheadMs }) => {
  const now = 100_000;
  const found = await checkPostgresClock(postgresWith({ now_ms: server }), () => now);
  expect(found).toMatchObject({ level, facts: { aheadMs, doubtMs: 0 } });
});

test('the clock of Redis is read at the middle of the quickest round trip', async () => {
  const redis = redisWith({ TIME: ['100', '500000'] });
  const found = await checkRedisClock(redis, clockOf(90_000, 99_000, 100_400, 100_500, 100_600, 109_000));
  expect(found).toMatchObject({ level: 'ok', facts: { aheadMs: 50, doubtMs: 50 } });
});

test('what may be the doing of a slow network is not laid at the door of a clock', async () => {
  const redis = redisWith({ TIME: ['100', '0'] });
  expect(await checkRedisClock(redis, clockOf(96_000, 101_000, 96_000, 101_000, 96_000, 101_000))).toMatchObject({
    level: 'ok',
    facts: { aheadMs: 1_500, doubtMs: 2_500 },
  });
});

test('the version of the job queue that is expected is that of the newest file in the installed package', () => {
  const files = readdirSync(new URL('../../../node_modules/graphile-worker/sql/', import.meta.url));
  expect(files).toContain(`${String(expectedJobSchema()).padStart(6, '0')}.sql`);
  expect(files).not.toContain(`${String(expectedJobSchema() + 1).padStart(6, '0')}.sql`);
});
