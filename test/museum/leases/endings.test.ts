import { status as code, type handleUnaryCall, Metadata } from '@grpc/grpc-js';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type SayRequest, SayResponse } from '../../generated/echo/v1/echo_service.ts';
import { failureBytes, say, toldBy } from '../../integration/idempotency/stage/calls.ts';
import { handlerFailure } from '../../integration/idempotency/stage/failures.ts';
import { ledgerRow, redisName, sayRecord, stateInRedis } from '../../integration/idempotency/stage/records.ts';
import { openStage, type Stage } from '../../integration/idempotency/stage/stage.ts';
import { until } from '../../integration/idempotency/stage/until.ts';
import { sendDuplicates } from '../../integration/idempotency/stage/waiters.ts';
import { echoContractWith } from '../../support/echo-contract.ts';
import type { EchoService } from '../../support/echo-service.ts';
import type { CallResult } from '../../support/unary-call.ts';

let stage: Stage;
let echo: EchoService;
let other: EchoService;

beforeAll(async () => {
  stage = await openStage();
  // Nothing but the end of an attempt ends a wait: the lease and the recheck are a minute away.
  const patient = {
    settings: { IDEMPOTENCY_RECHECK_MS: '60000' },
    library: { contract: echoContractWith({ lease: { seconds: 60n }, longestWait: { seconds: 30n } }) },
  };
  [echo, other] = [await stage.startService(patient), await stage.startService(patient)];
});

afterAll(() => stage.close());

/** How one run after the other ends; the last one is what all that are left get. */
const chains: Readonly<Record<string, readonly code[]>> = {
  'a passing failure, then a final one': [code.ABORTED, code.FAILED_PRECONDITION],
  'a passing failure, then an answer': [code.UNAVAILABLE, code.OK],
  'three passing failures, then a final one': [code.INTERNAL, code.DEADLINE_EXCEEDED, code.UNKNOWN, code.NOT_FOUND],
  'an invalid request, then an answer': [code.INVALID_ARGUMENT, code.OK],
  'a final failure': [code.PERMISSION_DENIED],
  'nothing but passing failures': Array(7).fill(code.RESOURCE_EXHAUSTED),
};

const WAITERS_EACH = 3;

// redis/rueidis#1014: whoever had joined a run that failed was told that it had succeeded.
test.each(Object.entries(chains))(
  'L9 one call runs, three wait in its process and three in another, and the runs end with %s',
  async (what, endings) => {
    const text = `L9 ${what}`;
    const key = text.replaceAll(/[ ,]+/g, '-');
    const gate = stage.createGate();
    let runs = 0;
    stage.whenSaying(text, async () => {
      const ending = endings[Math.min(runs, endings.length - 1)] ?? code.OK;
      runs += 1;
      await gate.pass();
      if (ending !== code.OK) throw handlerFailure(ending, `${what}, run ${runs}`);
    });
    const owner = say(echo, { text }, { key });
    await gate.reached;
    const local = await sendDuplicates(echo, WAITERS_EACH, text, { key });
    const remote = await sendDuplicates(other, WAITERS_EACH, text, { key });
    const name = redisName(other, sayRecord(text, key));
    await until('a waiter in the other process', async () => (await stage.redisClient.hget(name, 'waited')) === '1');
    gate.open();
    const results = [await owner, ...(await local.results), ...(await remote.results)];

    // Each run that came to nothing was one caller's, and that caller alone was told so.
    const last = endings.at(-1) ?? code.OK;
    const others = 2 * WAITERS_EACH + 1 - (endings.length - 1);
    expect(results.map((result) => result.code).sort()).toEqual(
      [...endings.slice(0, -1), ...Array(others).fill(last)].sort(),
    );
    expect(runs).toBe(endings.length);
    const ofTheLast = new Set(results.filter((result) => result.code === last).map(answerBytes));
    expect(ofTheLast.size).toBe(endings.filter((ending) => ending === last).length);
    const executed = results.filter((result) => toldBy(result).status === 'executed');
    expect(executed).toHaveLength(endings.length);
  },
);

/** Everything of an answer or a failure that all must get alike. */
function answerBytes(result: CallResult): string {
  return JSON.stringify([failureBytes(result), result.response?.toString('hex')]);
}

type Say = handleUnaryCall<SayRequest, SayResponse>;

const answer = SayResponse.fromPartial({ text: 'answered' });
const thrown =
  (value: unknown): Say =>
  () => {
    throw value;
  };
/** What a program in JavaScript may hand over, whatever the types say. */
const calledBackWith =
  (...given: readonly unknown[]): Say =>
  (_call, callback) =>
    Reflect.apply(callback, undefined, given);

/** The doors by which a handler can leave, and what its caller is told. */
const doors: Readonly<Record<string, readonly [leave: Say, told: readonly number[]]>> = {
  'throws at once': [thrown(new Error('at once')), [code.UNKNOWN]],
  'throws nothing': [thrown(undefined), [code.UNKNOWN]],
  'throws a text': [thrown('a text'), [code.UNKNOWN]],
  'throws a status': [thrown(handlerFailure(code.ABORTED)), [code.UNKNOWN, code.ABORTED]],
  'calls back with an error': [calledBackWith(new Error('no')), [code.UNKNOWN]],
  'calls back with an error that is OK': [
    calledBackWith({ code: code.OK, details: 'fine' }),
    [code.OK, code.UNKNOWN, code.INTERNAL, code.UNIMPLEMENTED],
  ],
  'calls back with a code that does not exist': [calledBackWith({ code: 99, details: '' }), [99, code.UNKNOWN]],
  'calls back with a text for an error': [calledBackWith('no'), [code.UNKNOWN]],
  'calls back with nothing': [calledBackWith(), [code.INTERNAL]],
  'calls back with no answer': [calledBackWith(null, undefined), [code.INTERNAL]],
  'calls back with null for an answer': [calledBackWith(null, null), [code.INTERNAL]],
  'calls back with what is no message': [calledBackWith(null, 42), [code.OK, code.INTERNAL]],
  'sends metadata and no message': [
    (call, callback) => {
      call.sendMetadata(new Metadata());
      callback(handlerFailure(code.UNAVAILABLE));
    },
    [code.UNAVAILABLE],
  ],
  'sends metadata and throws': [
    (call) => {
      call.sendMetadata(new Metadata());
      throw new Error('after the metadata');
    },
    [code.UNKNOWN],
  ],
  'calls back twice, a failure and an answer': [
    (_call, callback) => {
      callback(handlerFailure(code.UNAVAILABLE));
      callback(null, answer);
    },
    [code.UNAVAILABLE],
  ],
  'calls back twice, an answer and a failure': [
    (_call, callback) => {
      callback(null, answer);
      callback(handlerFailure(code.NOT_FOUND));
    },
    [code.OK],
  ],
  'answers and throws': [
    (_call, callback) => {
      callback(null, answer);
      throw new Error('after the answer');
    },
    [code.OK],
  ],
  'never calls back': [() => {}, [code.UNAVAILABLE]],
  'sends metadata, and never calls back': [(call) => call.sendMetadata(new Metadata()), [code.UNAVAILABLE]],
};

// KanishJebaMathewM/Truxify#4622: only the usual way out gave the lock back.
describe('whichever door a handler leaves by', () => {
  let bounded: EchoService;

  beforeAll(async () => {
    bounded = await stage.startService({ settings: { IDEMPOTENCY_HANDLER_LIMIT_MS: '400' } });
  });

  test.each(Object.entries(doors))('L12 the key is settled or free within a lease: %s', async (door, [leave, told]) => {
    const text = `L12 ${door}`;
    const key = text.replaceAll(/[ ,]+/g, '-');
    const record = sayRecord(text, key);
    stage.insteadOfSaying(text, leave);
    const first = await say(bounded, { text }, { key });
    expect(told).toContain(first.code);
    await bounded.idempotency.drained();
    expect(bounded.idempotency.runsNow).toBe(0);
    const row = await ledgerRow(stage, record);
    // Settled, or nothing is left: a handler that never calls back alone leaves a claim, which ends with its lease.
    if (!door.includes('never')) {
      expect(await stateInRedis(stage, bounded, record)).toBe(row?.['state'] ?? null);
    }

    stage.insteadOfSaying(text, (_call, callback) => callback(null, SayResponse.fromPartial({ text: 'well again' })));
    const startedMs = performance.now();
    const retry = await say(bounded, { text }, { key });
    expect(performance.now() - startedMs).toBeLessThan(1_000 + 2_000);
    if (row === undefined) {
      expect([retry.code, toldBy(retry).status]).toEqual([code.OK, 'executed']);
    } else {
      expect(toldBy(retry).status).toBe('replayed');
      expect([retry.code, retry.response]).toEqual([first.code, first.response]);
    }
  });
});
