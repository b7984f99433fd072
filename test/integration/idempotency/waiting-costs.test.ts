import { setTimeout as sleep } from 'node:timers/promises';
import { status as code } from '@grpc/grpc-js';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { EchoService } from '../../support/echo-service.ts';
import { commandsRun } from '../faults/redis-server.ts';
import { say } from './stage/calls.ts';
import { redisName, sayRecord } from './stage/records.ts';
import { openStage, type Stage } from './stage/stage.ts';
import { until } from './stage/until.ts';
import { differentAnswers, sendDuplicates } from './stage/waiters.ts';

let stage: Stage;
let echo: EchoService;
let other: EchoService;

beforeAll(async () => {
  stage = await openStage();
  // One connection to the database: a waiter that held it would stop everybody else.
  const settings = { DATABASE_POOL_SIZE: '1' };
  [echo, other] = [await stage.startService({ settings }), await stage.startService({ settings })];
});

afterAll(() => stage.close());

/**
 * How many scripts Redis has run for calls since its statistics were reset; what a script itself calls is not counted. Each probe of the
 * connection is a SET and a script.
 */
async function scriptRuns(): Promise<number> {
  const [texts, digests, probes] = await Promise.all(
    ['eval', 'evalsha', 'set'].map((command) => commandsRun(stage.redis, command)),
  );
  return (texts ?? 0) + (digests ?? 0) - (probes ?? 0);
}

async function busyConnections(): Promise<number> {
  const [row] = await stage.sql(
    `select count(*)::int as busy from pg_stat_activity
     where datname = current_database() and pid <> pg_backend_pid() and state <> 'idle' and query not like '%pg_control%'`,
  );
  return Number(row?.['busy']);
}

test('forty duplicates that wait for two seconds cost no busy loop and no database connection (P4)', async () => {
  const gate = stage.holdSaying('long');
  const owner = say(echo, { text: 'long' }, { key: 'long' });
  await gate.reached;
  const local = await sendDuplicates(echo, 20, 'long', { key: 'long' });
  const remote = await sendDuplicates(other, 20, 'long', { key: 'long' });
  const name = redisName(other, sayRecord('long', 'long'));
  await until('a waiter in the other process', async () => (await stage.redisClient.hget(name, 'waited')) === '1');

  await stage.redisClient.config('RESETSTAT');
  await sleep(2_000);
  // Six renewals by the owner, and one leader of the waiters that looks again after each lease or second.
  expect(await scriptRuns()).toBeLessThanOrEqual(15);
  expect(await busyConnections()).toBe(0);
  const strangers = [say(echo, { text: 'stranger' }, { key: 's-1' }), say(other, { text: 'stranger' }, { key: 's-2' })];
  expect((await Promise.all(strangers)).map((result) => result.code)).toEqual([code.OK, code.OK]);

  gate.open();
  const results = [await owner, ...(await local.results), ...(await remote.results)];
  expect(differentAnswers(results)).toHaveLength(1);
});

test('with Redis gone, duplicates in one process still wait without a connection, and get one answer (P4, P5)', async () => {
  const alone = await stage.startService({ withRedis: false, settings: { DATABASE_POOL_SIZE: '1' } });
  const gate = stage.holdSaying('alone');
  const owner = say(alone, { text: 'alone' }, { key: 'alone' });
  await gate.reached;
  const waiters = await sendDuplicates(alone, 50, 'alone', { key: 'alone' });
  expect(await busyConnections()).toBe(0);
  expect((await say(alone, { text: 'stranger' }, { key: 's-3' })).code).toBe(code.OK);
  const runsBefore = alone.runs();
  gate.open();
  const results = [await owner, ...(await waiters.results)];
  expect(differentAnswers(results)).toHaveLength(1);
  expect(results[0]?.code).toBe(code.OK);
  expect(alone.runs()).toBe(runsBefore);
});
