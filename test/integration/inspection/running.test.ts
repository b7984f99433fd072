import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { RecordState } from '../../../src/generated/idempotency/v1/record.ts';
import { Seal } from '../../../src/idempotency/index.ts';
import { recordIdentity } from '../../../src/idempotency/record.ts';
import { say } from '../idempotency/stage/calls.ts';
import type { Gate } from '../idempotency/stage/gate.ts';
import { sayRecord } from '../idempotency/stage/records.ts';
import { openStage, type Stage } from '../idempotency/stage/stage.ts';
import { until } from '../idempotency/stage/until.ts';
import { as, type InspectedService, inspectedService, recordPage, SAY, secret } from './inspected-service.ts';

let stage: Stage;
let runner: InspectedService;
let asked: InspectedService;

beforeAll(async () => {
  stage = await openStage();
  [runner, asked] = [await inspectedService(stage), await inspectedService(stage)];
});

afterAll(async () => {
  await runner[Symbol.asyncDispose]();
  await asked[Symbol.asyncDispose]();
  await stage.close();
});

/** Calls that run until their gate is opened. */
async function run(service: InspectedService, principal: string, ...keys: readonly string[]) {
  const gates: Gate[] = [];
  const calls: Promise<unknown>[] = [];
  for (const key of keys) {
    const gate = stage.holdSaying(key);
    calls.push(say(service.echo, { text: key }, { key, metadata: as(principal) }));
    await gate.reached;
    gates.push(gate);
  }
  return async () => {
    for (const gate of gates) gate.open();
    await Promise.all(calls);
    await service.echo.idempotency.drained();
  };
}

async function listed(service: InspectedService, question: Parameters<InspectedService['list']>[0]) {
  const page = recordPage(await service.list(question));
  return { ...page, keys: page.records.map(({ key }) => key) };
}

const boards = () => stage.redisClient.keys('*{runs}*');

test('what has been running in another process for a second is listed, the longest first, before what is settled', async () => {
  await say(asked.echo, { text: 'settled' }, { key: 'settled', metadata: as('ann') });
  const end = await run(runner, 'ann', 'older', 'younger');
  const endBobs = await run(runner, 'bob', 'bobs');
  await until('both in the list', async () => (await listed(asked, { principal: 'ann' })).keys.length === 3);
  const { keys, records, redisUnavailable } = await listed(asked, { principal: 'ann' });
  expect([keys, redisUnavailable]).toEqual([['older', 'younger', 'settled'], false]);
  expect(records[0]).toMatchObject({
    state: RecordState.RECORD_STATE_PENDING,
    principal: 'ann',
    owner: { host: hostname(), processId: process.pid, leaseLeft: expect.anything() },
    attempts: 1,
  });
  const pending = [RecordState.RECORD_STATE_PENDING];
  expect((await listed(asked, { principal: 'ann', states: pending })).keys).toEqual(['older', 'younger']);
  const narrow = await listed(asked, { principal: 'ann', states: pending, pageSize: 1 });
  expect([narrow.keys, narrow.runningLeftOut]).toEqual([['older'], 1]);
  const completed = [RecordState.RECORD_STATE_COMPLETED];
  expect((await listed(asked, { principal: 'ann', states: completed })).keys).toEqual(['settled']);

  // Still announced, but settled in the ledger.
  await Promise.all([end(), endBobs()]);
  const settled = await listed(asked, { principal: 'ann' });
  expect(settled.records.map(({ state }) => state)).toEqual(
    settled.records.map(() => RecordState.RECORD_STATE_COMPLETED),
  );
  expect(new Set(settled.keys)).toEqual(new Set(['older', 'younger', 'settled']));
});

test('Redis shows neither keys nor principals nor methods, and forgets soon', async () => {
  const end = await run(runner, 'a-private-person', 'a-private-key');
  await until('the announcement', async () => (await boards()).length === 2);
  const [board = '', own = ''] = (await boards()).sort();
  const kept = await stage.redisClient.getBuffer(own);
  const names = await stage.redisClient.zrange(board, '0', '-1');
  const ttls = await Promise.all([board, own].map((name) => stage.redisClient.pttl(name)));
  await end();
  expect(kept?.length).toBeGreaterThan(100);
  expect([kept?.toString('latin1'), board, own, ...names].join()).not.toMatch(/private|Say|echo|sha256|anonymous/);
  for (const ttl of ttls) {
    expect(ttl).toBeGreaterThan(0);
    expect(ttl).toBeLessThanOrEqual(3_000);
  }
});

test('a process that runs nothing for long says nothing', async () => {
  await until('silence', async () => (await boards()).length === 0);
  const before = await stage.redisClient.info('commandstats');
  for (let call = 0; call < 5; call += 1) await say(runner.echo, { text: `short-${call}` }, { key: `short-${call}` });
  // Nothing can be awaited here: it is the announcement that must not come.
  await sleep(1_500);
  const writes = (stats: string) => /cmdstat_zadd:calls=(\d+)/.exec(stats)?.[1];
  expect(writes(await stage.redisClient.info('commandstats'))).toBe(writes(before));
});

test('what was sealed by another secret, or under another name, is not believed', async () => {
  const { store } = asked.echo;
  if (store === undefined) throw new Error('this service has no Redis');
  const principal = 'carl';
  const { id, fingerprint } = recordIdentity({ ...sayRecord('carls', 'carls'), principal });
  const owner = { host: 'far', processId: 7 };
  const call = { id, principal, method: SAY, key: 'carls', fingerprint, owner, ageMs: 5_000 };
  await until('silence', async () => (await boards()).length === 0);

  await store.runBoard(new Seal(Buffer.alloc(32, 'strange'))).announce([call]);
  expect((await listed(asked, { principal })).keys).toEqual([]);

  const ours = store.runBoard(new Seal(secret));
  await stage.redisClient.flushall();
  await ours.announce([call]);
  const { keys, records } = await listed(asked, { principal });
  expect([keys, records[0]?.owner]).toMatchObject([['carls'], owner]);

  const [board = '', own = ''] = (await boards()).sort();
  const sealed = await stage.redisClient.getBuffer(own);
  await ours.announce([]);
  await stage.redisClient.set(`${board}:copy`, sealed ?? '');
  await stage.redisClient.set(`${board}:nonsense`, 'nonsense');
  for (const name of ['copy', 'nonsense', 'gone']) await stage.redisClient.zadd(board, Date.now(), `${board}:${name}`);
  const forged = await listed(asked, { principal });
  expect([forged.keys, forged.redisUnavailable]).toEqual([[], false]);
  await stage.redisClient.flushall();
});

test('without Redis: what runs in this process, what is settled, and that there may be more', async () => {
  const lonely = await inspectedService(stage, { withRedis: false });
  await say(lonely.echo, { text: 'before' }, { key: 'before', metadata: as('dora') });
  const end = await run(lonely, 'dora', 'here');
  const endElsewhere = await run(runner, 'dora', 'elsewhere');
  const { keys, records, redisUnavailable } = await listed(lonely, { principal: 'dora' });
  expect([keys, redisUnavailable]).toEqual([['here', 'before'], true]);
  expect(records[0]).toMatchObject({
    state: RecordState.RECORD_STATE_PENDING,
    owner: { processId: process.pid, leaseLeft: undefined },
  });
  expect(await listed(lonely, { principal: 'nobody-yet' })).toMatchObject({ keys: [], redisUnavailable: true });
  const unknown = await lonely.get('elsewhere', { principal: 'dora' });
  expect(unknown.errorInfo?.metadata.get('redisUnavailable')).toBe('true');
  expect(unknown.message).toContain('Redis could not be asked');
  await Promise.all([end(), endElsewhere()]);
  await lonely[Symbol.asyncDispose]();
});

test('Redis goes away: both questions are answered, and say so', async () => {
  await say(asked.echo, { text: 'kept' }, { key: 'kept', metadata: as('eve') });
  await stage.redis.kill();
  const { keys, redisUnavailable } = await listed(asked, { principal: 'eve' });
  expect([keys, redisUnavailable]).toEqual([['kept'], true]);
  const found = await asked.get('kept', { principal: 'eve' });
  expect(found.response).toBeDefined();
  await stage.redis.restart();
});
