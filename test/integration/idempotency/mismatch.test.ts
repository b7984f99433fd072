import { status as code } from '@grpc/grpc-js';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { EchoService } from '../../support/echo-service.ts';
import { say } from './stage/calls.ts';
import { expectReused } from './stage/differing.ts';
import { handlerFailure } from './stage/failures.ts';
import { claimOfTheDead, endLease, redisName, sayRecord } from './stage/records.ts';
import { openStage, type Stage } from './stage/stage.ts';
import { until } from './stage/until.ts';
import { differentAnswers } from './stage/waiters.ts';

let stage: Stage;
let echo: EchoService;
let other: EchoService;
let redisless: EchoService;

beforeAll(async () => {
  stage = await openStage();
  [echo, other] = [await stage.startService(), await stage.startService()];
  redisless = await stage.startService({ withRedis: false });
});

afterAll(() => stage.close());

async function flushRedis(): Promise<void> {
  await Promise.all([echo, other].map(({ idempotency }) => idempotency.drained()));
  await stage.redisClient.flushall();
}

/** Where the record is of the first request when the other one comes. Gives what has to happen afterwards. */
type Arrange = (text: string, key: string) => Promise<{ readonly to: EchoService; readonly release?: () => void }>;

async function holdAt(service: EchoService, text: string, key: string) {
  const gate = stage.holdSaying(text);
  void say(service, { text }, { key });
  await gate.reached;
  return gate.open;
}

const places: Record<string, Arrange> = {
  'PENDING in this process': async (text, key) => ({ to: echo, release: await holdAt(echo, text, key) }),
  'PENDING in another process': async (text, key) => ({ to: other, release: await holdAt(echo, text, key) }),
  COMPLETED: async (text, key) => {
    await say(echo, { text }, { key });
    return { to: other };
  },
  FAILED: async (text, key) => {
    stage.whenSaying(text, () => {
      throw handlerFailure(code.NOT_FOUND);
    });
    await say(echo, { text }, { key });
    return { to: other };
  },
  'only in the ledger': async (text, key) => {
    await say(echo, { text }, { key });
    await flushRedis();
    return { to: other };
  },
  'a claim that is to be taken over': async (text, key) => {
    await claimOfTheDead(other, sayRecord(text, key));
    await endLease(stage, other, sayRecord(text, key));
    return { to: echo };
  },
  'committed, with a claim that is to be taken over': async (text, key) => {
    await say(echo, { text }, { key });
    await flushRedis();
    await claimOfTheDead(other, sayRecord(text, key));
    await endLease(stage, other, sayRecord(text, key));
    return { to: echo };
  },
  'only in the ledger, and Redis is gone': async (text, key) => {
    await say(echo, { text }, { key });
    return { to: redisless };
  },
  'PENDING in this process, and Redis is gone': async (text, key) => ({
    to: redisless,
    release: await holdAt(redisless, text, key),
  }),
};

test.each(Object.entries(places))(
  'another request under a used key is refused: %s (P3, K4)',
  async (place, arrange) => {
    const key = place.replaceAll(/[ ,]+/g, '-');
    const text = `first ${place}`;
    const { to, release } = await arrange(text, key);
    expectReused(await say(to, { text: `second ${place}` }, { key }), key);
    release?.();
    // The first request is none the worse for it.
    const retries = [await say(echo, { text }, { key }), await say(other, { text }, { key })];
    expect(differentAnswers(retries)).toHaveLength(1);
    expect(retries[0]?.code).toBe(place === 'FAILED' ? code.NOT_FOUND : code.OK);
    expect(await stage.sql('select id from idempotency_keys where key = $1', [key])).toHaveLength(1);
  },
);

test('another request is refused also where a duplicate of the first one waits (P3, K4)', async () => {
  const open = await holdAt(echo, 'waited for', 'm-1');
  const waiter = say(other, { text: 'waited for' }, { key: 'm-1' });
  const name = redisName(other, sayRecord('waited for', 'm-1'));
  await until('the waiter', async () => (await stage.redisClient.hget(name, 'waited')) === '1');
  const another = say(other, { text: 'another' }, { key: 'm-1' });
  await until('the other request', () => other.callsInFlight() === 2);
  open();
  expectReused(await another, 'm-1');
  expect((await waiter).code).toBe(code.OK);
});

test.each([code.INVALID_ARGUMENT, code.UNAVAILABLE])(
  'a request that failed with %i has spent nothing: another one under its key is welcome (P8)',
  async (failure) => {
    const key = `m-2-${failure}`;
    stage.whenSaying(key, () => {
      throw handlerFailure(failure);
    });
    expect((await say(echo, { text: key }, { key })).code).toBe(failure);
    expect((await say(echo, { text: 'corrected' }, { key })).code).toBe(code.OK);
  },
);
