import { status as code, Metadata } from '@grpc/grpc-js';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { type EchoService, HandlerFailure } from '../../support/echo-service.ts';
import { listenTo, say, toldBy } from '../idempotency/stage/calls.ts';
import { redisName, sayRecord, stateInRedis } from '../idempotency/stage/records.ts';
import { openStage, type Stage } from '../idempotency/stage/stage.ts';
import { until } from '../idempotency/stage/until.ts';
import { sendDuplicates } from '../idempotency/stage/waiters.ts';
import { atOnce, expectRefusal } from './refusal.ts';

const facts = { runsMax: '1' };
let stage: Stage;
let owner: EchoService;
let full: EchoService;

// A stage for each test: it opens the gates of one that has failed.
beforeEach(async () => {
  stage = await openStage();
  owner = await stage.startService();
  full = await stage.startService({ settings: { GRPC_MAX_CALLS_IN_FLIGHT: '1' } });
});

afterEach(() => stage.close());

test('P10 duplicates of another process’s call wait without a place; if it is given up, all are refused at once', async () => {
  const elsewhere = stage.createGate();
  stage.whenSaying('elsewhere', async () => {
    await elsewhere.pass();
    throw new HandlerFailure(code.UNAVAILABLE, 'not now', new Metadata());
  });
  const running = say(owner, { text: 'elsewhere' }, { key: 'elsewhere' });
  await elsewhere.reached;
  const busy = stage.holdSaying('busy');
  const work = say(full, { text: 'busy' }, { key: 'busy' });
  await busy.reached;
  // No place is free, and they are not refused: they wait.
  const { results } = await sendDuplicates(full, 50, 'elsewhere', { key: 'elsewhere' });
  const record = sayRecord('elsewhere', 'elsewhere');
  await until('a waiter', async () => (await stage.redisClient.hget(redisName(full, record), 'waited')) === '1');
  expectRefusal(await listenTo(full, 'a read'), 'TOO_MANY_RUNS', facts);

  await stage.redisClient.config('RESETSTAT');
  elsewhere.open();
  expect((await running).code).toBe(code.UNAVAILABLE);
  for (const result of await results) expectRefusal(result, 'TOO_MANY_RUNS', facts);
  // One of them asks Redis for all: they do not try one after the other.
  const statistics = await stage.redisClient.info('commandstats');
  const runs = [...statistics.matchAll(/^cmdstat_eval(?:sha)?:calls=(\d+)/gm)].map(([, calls]) => Number(calls));
  expect(runs.reduce((sum, calls) => sum + calls, 0)).toBeLessThan(20);
  await until('the release of the claim', async () => (await stateInRedis(stage, full, record)) === null);
  expect(full.events.filter(({ kind }) => kind === 'executed')).toEqual([]);
  busy.open();
  expect(toldBy(await work).status).toBe('executed');
});

test('P10 duplicates of another process’s call get its answer also where no place is free', async () => {
  const gate = stage.holdSaying('answered');
  const running = say(owner, { text: 'answered' }, { key: 'answered' });
  await gate.reached;
  const busy = stage.holdSaying('busy-again');
  const work = say(full, { text: 'busy-again' }, { key: 'busy-again' });
  await busy.reached;
  const { results } = await sendDuplicates(full, 20, 'answered', { key: 'answered' });
  gate.open();
  const { response } = await running;
  for (const result of await results) expect(result).toMatchObject({ code: code.OK, response });
  const late = await atOnce(() => say(full, { text: 'answered' }, { key: 'answered' }));
  expect(toldBy(late).status).toBe('replayed');
  busy.open();
  expect((await work).code).toBe(code.OK);
});
