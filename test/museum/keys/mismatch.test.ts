import { status as code } from '@grpc/grpc-js';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { EchoServiceService, SayRequest } from '../../generated/echo/v1/echo_service.ts';
import { say } from '../../integration/idempotency/stage/calls.ts';
import { expectReused } from '../../integration/idempotency/stage/differing.ts';
import { handlerFailure } from '../../integration/idempotency/stage/failures.ts';
import { claimOfTheDead, endLease, redisName, sayRecord } from '../../integration/idempotency/stage/records.ts';
import { openStage, type Stage } from '../../integration/idempotency/stage/stage.ts';
import { until } from '../../integration/idempotency/stage/until.ts';
import { differentAnswers } from '../../integration/idempotency/stage/waiters.ts';
import type { EchoService } from '../../support/echo-service.ts';
import { unaryCall } from '../../support/unary-call.ts';
import { concat, delimited, hex, varint } from '../../unit/idempotency/canonical/wire.ts';

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

/** What is another request than one that says nothing but a text. */
const differences: Readonly<Record<string, (said: Uint8Array) => Uint8Array>> = {
  'another amount': (said) => concat(said, hex('69 0700000000000000')),
  'one nanosecond': (said) => concat(said, delimited(5, varint(2, 1))),
  'an empty value where there was none': (said) => concat(said, delimited(12)),
  'a field that the server does not know': (said) => concat(said, varint(99, 0)),
  'an empty part': (said) => concat(said, delimited(3)),
};

// aws-powertools/powertools-lambda-typescript#2058, powertools-lambda-python#3781: a quick path gave the stored answer without
// a look at what had been asked.
test.each(Object.entries(places))(
  'K4 another request under a used key is refused, however small the difference: %s',
  async (place, arrange) => {
    const key = place.replaceAll(/[ ,]+/g, '-');
    const text = `first ${place}`;
    const { to, release } = await arrange(text, key);
    const said = SayRequest.encode(SayRequest.fromPartial({ text })).finish();
    const others = Object.values(differences).map((differ) => ({ rawBytes: Buffer.from(differ(said)) }));
    const refused = await Promise.all(
      others.map((bytes) => unaryCall(to.client, EchoServiceService.say, bytes, { key })),
    );
    for (const result of refused) expectReused(result, key);
    release?.();
    // The first request is none the worse for it.
    const retries = [await say(echo, { text }, { key }), await say(other, { text }, { key })];
    expect(differentAnswers(retries)).toHaveLength(1);
    expect(retries[0]?.code).toBe(place === 'FAILED' ? code.NOT_FOUND : code.OK);
    expect(await stage.sql('select id from idempotency_keys where key = $1', [key])).toHaveLength(1);
  },
);

test('K4 another request is refused while the first one runs also where a duplicate of it waits, and takes no place from duplicates', async () => {
  const open = await holdAt(echo, 'waited for', 'm-1');
  const waiter = say(other, { text: 'waited for' }, { key: 'm-1' });
  const name = redisName(other, sayRecord('waited for', 'm-1'));
  await until('the waiter', async () => (await stage.redisClient.hget(name, 'waited')) === '1');
  // As many as may wait for a key, and more.
  const others = Array.from({ length: 150 }, (_, index) => say(other, { text: `another ${index}` }, { key: 'm-1' }));
  for (const another of await Promise.all(others)) expectReused(another, 'm-1');
  const second = say(other, { text: 'waited for' }, { key: 'm-1' });
  await until('both duplicates', () => other.callsInFlight() === 2);
  open();
  expect(differentAnswers(await Promise.all([waiter, second]))).toHaveLength(1);
  expect((await waiter).code).toBe(code.OK);
});
