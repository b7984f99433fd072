import { hostname } from 'node:os';
import { status as code } from '@grpc/grpc-js';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import {
  AnswerPlace,
  KeySource,
  type Record as RecordMessage,
  RecordState,
} from '../../../src/generated/idempotency/v1/record.ts';
import { recordIdentity } from '../../../src/idempotency/record.ts';
import { say, shout, toldBy } from '../idempotency/stage/calls.ts';
import { handlerFailure } from '../idempotency/stage/failures.ts';
import {
  age,
  claimOfTheDead,
  endLease,
  forgetInRedis,
  redisName,
  sayRecord,
  shoutRecord,
} from '../idempotency/stage/records.ts';
import { openStage, type Stage } from '../idempotency/stage/stage.ts';
import {
  as,
  foundRecord,
  type InspectedService,
  inspectedService,
  type Question,
  SAY,
  SHOUT,
} from './inspected-service.ts';

const host = hostname();
let stage: Stage;
let inspected: InspectedService;
let other: InspectedService;

beforeAll(async () => {
  stage = await openStage();
  inspected = await inspectedService(stage, { settings: { IDEMPOTENCY_MAX_CACHED_ANSWER_BYTES: '1024' } });
  other = await inspectedService(stage);
});

afterAll(async () => {
  await inspected[Symbol.asyncDispose]();
  await other[Symbol.asyncDispose]();
  await stage.close();
});

async function recordOf(key: string, question?: Question): Promise<RecordMessage> {
  const { record, redisUnavailable } = foundRecord(await inspected.get(key, question));
  expect(redisUnavailable).toBe(false);
  if (record === undefined) throw new Error(`nothing was found under ${key}`);
  return record;
}

/** The same record for those who say that they are nobody. */
const nobodys = (record: ReturnType<typeof sayRecord>) => recordIdentity({ ...record, principal: 'nobody' });
const ms = (time: RecordMessage['expireTime']) => Number(time?.seconds) * 1_000 + Number(time?.nanos) / 1e6;

async function expectNotFound(key: string, question?: Question) {
  const result = await inspected.get(key, question);
  expect(result).toMatchObject({
    code: code.NOT_FOUND,
    errorInfo: { reason: 'RECORD_NOT_FOUND', domain: 'idempotency.v1' },
    resourceInfo: { resourceType: 'idempotency.v1.Record', resourceName: key },
  });
  return result;
}

test('a key that nobody has used', async () => {
  const { errorInfo } = await expectNotFound('unused');
  expect(errorInfo?.metadata).toEqual(
    new Map([
      ['method', SAY],
      ['key', 'unused'],
      ['redisUnavailable', 'false'],
    ]),
  );
});

test('COMPLETED: when, until when, how often it was tried, and where its answer is', async () => {
  const beganMs = Date.now();
  await say(inspected.echo, { text: 'done' }, { key: 'done' });
  await inspected.echo.idempotency.drained();
  const record = await recordOf('done');
  expect(record).toMatchObject({
    method: SAY,
    key: 'done',
    keySource: KeySource.KEY_SOURCE_CLIENT,
    principal: 'nobody',
    state: RecordState.RECORD_STATE_COMPLETED,
    fingerprint: { version: 1, sha256: sayRecord('done').fingerprint.hash },
    attempts: 1,
    owner: undefined,
    failure: undefined,
    answerPlace: AnswerPlace.ANSWER_PLACE_REDIS_AND_LEDGER,
    note: '',
  });
  expect(ms(record.firstAttemptTime)).toBeGreaterThanOrEqual(beganMs - 1);
  expect(ms(record.lastChangeTime)).toBeGreaterThanOrEqual(ms(record.firstAttemptTime));
  expect(ms(record.expireTime) - ms(record.lastChangeTime)).toBe(86_400_000);
});

test('a method may be named with and without its slash, and a key in quotes', async () => {
  await say(inspected.echo, { text: 'named' }, { key: 'named' });
  expect((await recordOf('"named"', { method: 'echo.v1.EchoService/Say' })).key).toBe('named');
});

test('a derived key is asked for as it was echoed', async () => {
  const { key = '' } = toldBy(await say(inspected.echo, { text: 'basket' }));
  expect(key).toMatch(/^sha256-/);
  expect(await recordOf(key)).toMatchObject({
    key,
    keySource: KeySource.KEY_SOURCE_DERIVED,
    state: RecordState.RECORD_STATE_COMPLETED,
  });
});

test('FAILED: status and message, and not the details', async () => {
  stage.whenSaying('fails', () => {
    throw handlerFailure(code.FAILED_PRECONDITION, `no ${'x'.repeat(2_000)}`);
  });
  await say(inspected.echo, { text: 'fails' }, { key: 'fails' });
  await inspected.echo.idempotency.drained();
  expect(await recordOf('fails')).toMatchObject({
    state: RecordState.RECORD_STATE_FAILED,
    failure: { code: code.FAILED_PRECONDITION, message: `no ${'x'.repeat(997)}` },
    answerPlace: AnswerPlace.ANSWER_PLACE_REDIS_AND_LEDGER,
  });
});

test('an answer too large for Redis is in the ledger only', async () => {
  await say(inspected.echo, { text: 'large', payload: Buffer.alloc(2_000) }, { key: 'large' });
  await inspected.echo.idempotency.drained();
  expect(await recordOf('large')).toMatchObject({ attempts: 1, answerPlace: AnswerPlace.ANSWER_PLACE_LEDGER });
});

test('what Redis has forgotten is not known, and the rest is', async () => {
  await say(inspected.echo, { text: 'forgot' }, { key: 'forgot' });
  await inspected.echo.idempotency.drained();
  await forgetInRedis(stage, inspected.echo, nobodys(sayRecord('forgot', 'forgot')));
  const record = await recordOf('forgot');
  expect(record).toMatchObject({
    state: RecordState.RECORD_STATE_COMPLETED,
    answerPlace: AnswerPlace.ANSWER_PLACE_LEDGER,
  });
  expect([record.attempts, record.firstAttemptTime]).toEqual([undefined, undefined]);
});

describe('PENDING', () => {
  test('who runs it, for how long, and how long its lease still is; asked of another process', async () => {
    const gate = stage.holdSaying('runs');
    const call = say(inspected.echo, { text: 'runs' }, { key: 'runs' });
    await gate.reached;
    const { record } = foundRecord(await other.get('runs'));
    gate.open();
    await call;
    expect(record).toMatchObject({
      state: RecordState.RECORD_STATE_PENDING,
      owner: { host, processId: process.pid },
      attempts: 1,
      expireTime: undefined,
      answerPlace: AnswerPlace.ANSWER_PLACE_NOWHERE,
      note: '',
    });
    expect(record?.lastChangeTime).toEqual(record?.firstAttemptTime);
    expect(Number(record?.owner?.leaseLeft?.seconds)).toBeLessThanOrEqual(1);
    expect(record?.owner?.age).toBeDefined();
  });

  test('taken over from a process that has died: the second attempt, and when the first began', async () => {
    const record = nobodys(sayRecord('again', 'again'));
    await claimOfTheDead(inspected.echo, record);
    const dead = await recordOf('again');
    await endLease(stage, inspected.echo, record);
    expect(await recordOf('again')).toMatchObject({
      state: RecordState.RECORD_STATE_PENDING,
      owner: { leaseLeft: { seconds: 0n, nanos: 0 } },
      note: expect.stringMatching(/^The lease of its owner is over/),
    });
    const gate = stage.holdSaying('again');
    const call = say(inspected.echo, { text: 'again' }, { key: 'again' });
    await gate.reached;
    const running = await recordOf('again');
    expect(running).toMatchObject({ attempts: 2, firstAttemptTime: dead.firstAttemptTime, note: '' });
    expect(ms(running.lastChangeTime)).toBeGreaterThan(ms(dead.lastChangeTime));
    gate.open();
    await call;
    await inspected.echo.idempotency.drained();
    expect(await recordOf('again')).toMatchObject({
      state: RecordState.RECORD_STATE_COMPLETED,
      attempts: 2,
      firstAttemptTime: dead.firstAttemptTime,
    });
  });

  test('in this process, when Redis has forgotten the claim', async () => {
    const gate = stage.holdSaying('unclaimed');
    const call = say(inspected.echo, { text: 'unclaimed' }, { key: 'unclaimed' });
    await gate.reached;
    await forgetInRedis(stage, inspected.echo, nobodys(sayRecord('unclaimed', 'unclaimed')));
    const record = await recordOf('unclaimed');
    gate.open();
    await call;
    expect(record).toMatchObject({
      state: RecordState.RECORD_STATE_PENDING,
      owner: { host, processId: process.pid, leaseLeft: undefined },
      note: expect.stringMatching(/^It runs without a claim in Redis/),
    });
    expect(record.attempts).toBeUndefined();
  });

  test('a call that ended without an outcome leaves no record', async () => {
    stage.whenSaying('transient', () => {
      throw handlerFailure(code.UNAVAILABLE);
    });
    await say(inspected.echo, { text: 'transient' }, { key: 'transient' });
    await inspected.echo.idempotency.drained();
    await expectNotFound('transient');
  });
});

describe('Redis is a hint, and the ledger the truth', () => {
  test('a claim of what is settled changes nothing', async () => {
    await say(inspected.echo, { text: 'settled' }, { key: 'settled' });
    await inspected.echo.idempotency.drained();
    const record = nobodys(sayRecord('settled', 'settled'));
    await forgetInRedis(stage, inspected.echo, record);
    await claimOfTheDead(inspected.echo, record);
    expect((await recordOf('settled')).state).toBe(RecordState.RECORD_STATE_COMPLETED);
  });

  test('an outcome that the ledger does not have is none', async () => {
    await say(inspected.echo, { text: 'lie' }, { key: 'lie' });
    await inspected.echo.idempotency.drained();
    await stage.sql(`delete from idempotency_keys where key = 'lie'`);
    await expectNotFound('lie');
  });

  test.each([
    ['a value of another type', (name: string) => stage.redisClient.set(name, 'x')],
    ['a hash that is no record', (name: string) => stage.redisClient.hset(name, { state: 'PENDING' })],
    [
      'a claim whose fields are nonsense',
      (name: string) =>
        stage.redisClient.hset(name, {
          state: 'PENDING',
          fingerprint: 'x',
          fingerprint_version: 'y',
          owner: 'z',
          lease_ends_ms: '1',
          attempts: 'many',
        }),
    ],
  ])('%s is nothing, however often it is looked at', async (what, put) => {
    await put(redisName(inspected.echo, nobodys(sayRecord('foreign', what.replaceAll(' ', '-')))));
    for (let time = 0; time < 10; time += 1) {
      const { errorInfo } = await expectNotFound(what.replaceAll(' ', '-'));
      expect(errorInfo?.metadata.get('redisUnavailable')).toBe('false');
    }
    expect(inspected.echo.store?.available).toBe(true);
  });
});

describe('EXPIRED', () => {
  test("a caller's own key: a late retry is refused", async () => {
    await say(inspected.echo, { text: 'late' }, { key: 'late' });
    await inspected.echo.idempotency.drained();
    await age(stage, inspected.echo, nobodys(sayRecord('late', 'late')), '25 hours');
    const record = await recordOf('late');
    expect(record).toMatchObject({
      state: RecordState.RECORD_STATE_EXPIRED,
      answerPlace: AnswerPlace.ANSWER_PLACE_NOWHERE,
      note: 'A late retry is refused.',
    });
    expect(ms(record.expireTime)).toBeLessThan(Date.now());
  });

  test('where the method lets it be new: PENDING while it runs again, as soon as it does', async () => {
    await shout(inspected.echo, 'twice', { key: 'twice' });
    await inspected.echo.idempotency.drained();
    await age(stage, inspected.echo, nobodys(shoutRecord('twice', 'twice')), '1 hour');
    const question = { method: SHOUT };
    expect(await recordOf('twice', question)).toMatchObject({
      state: RecordState.RECORD_STATE_EXPIRED,
      note: 'The next call with this key is a new one.',
    });
    const gate = stage.createGate();
    stage.whenShouting('twice', gate.pass);
    const call = shout(inspected.echo, 'twice', { key: 'twice' });
    await gate.reached;
    expect((await recordOf('twice', question)).state).toBe(RecordState.RECORD_STATE_PENDING);
    gate.open();
    await call;
  });

  test('what is no longer remembered is not there', async () => {
    await say(inspected.echo, { text: 'ancient' }, { key: 'ancient' });
    await inspected.echo.idempotency.drained();
    await age(stage, inspected.echo, nobodys(sayRecord('ancient', 'ancient')), '9 days');
    await expectNotFound('ancient');
  });
});

describe('principals are strangers (P9)', () => {
  test.each(['PENDING', 'COMPLETED'])("another's record, %s, is as if it did not exist", async (state) => {
    const key = `anns-${state}`;
    const gate = stage.holdSaying(key);
    const call = say(inspected.echo, { text: key }, { key, metadata: as('ann') });
    await gate.reached;
    if (state === 'COMPLETED') {
      gate.open();
      await call;
      await inspected.echo.idempotency.drained();
    }
    const bobs = await expectNotFound(key, { principal: 'bob' });
    const unused = await expectNotFound('never-used', { principal: 'bob' });
    const anns = await recordOf(key, { principal: 'ann' });
    gate.open();
    await call;
    expect(anns).toMatchObject({
      principal: 'ann',
      state: RecordState[`RECORD_STATE_${state === 'PENDING' ? 'PENDING' : 'COMPLETED'}`],
    });
    expect(bobs.message).toBe(unused.message.replace('never-used', key));
    expect([...(bobs.metadata.toHttp2Headers() ? Object.keys(bobs.metadata.getMap()) : [])]).toEqual(
      Object.keys(unused.metadata.getMap()),
    );
  });
});

test('everything that is wrong with a question is told at once', async () => {
  const result = await inspected.get('a,b', { method: 'echo.v1.EchoService/Listen' });
  expect(result).toMatchObject({
    code: code.INVALID_ARGUMENT,
    errorInfo: { reason: 'INVALID_RECORD_REQUEST', domain: 'idempotency.v1' },
  });
  expect(result.badRequest?.fieldViolations.map(({ field, description }) => [field, description])).toEqual([
    ['method', `No method of this name has idempotency keys. These have: ${SAY}, ${SHOUT}.`],
    ['key', 'It is no key: it has a comma. 1 to 255 visible ASCII characters are.'],
  ]);
});
