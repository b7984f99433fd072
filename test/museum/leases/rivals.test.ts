import { status as code } from '@grpc/grpc-js';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { noStore } from '../../../src/idempotency/index.ts';
import type { Claim } from '../../../src/idempotency/store.ts';
import { alteredStore } from '../../integration/idempotency/stage/altered-store.ts';
import { say, toldBy } from '../../integration/idempotency/stage/calls.ts';
import { handlerFailure } from '../../integration/idempotency/stage/failures.ts';
import {
  endLease,
  reachesRedis,
  redisName,
  sayRecord,
  stateInRedis,
} from '../../integration/idempotency/stage/records.ts';
import { openStage, type Stage } from '../../integration/idempotency/stage/stage.ts';
import { until } from '../../integration/idempotency/stage/until.ts';
import { differentAnswers } from '../../integration/idempotency/stage/waiters.ts';
import type { EchoService } from '../../support/echo-service.ts';
import { createGate } from '../../support/pause-gate.ts';

let stage: Stage;
let second: EchoService;
let third: EchoService;

beforeAll(async () => {
  stage = await openStage();
  [second, third] = [await stage.startService(), await stage.startService()];
});

afterAll(() => stage.close());

/** Without renewals it is to the others what a process is that is stopped while it runs a handler. */
function startFirst() {
  return stage.startService({ library: { store: alteredStore(second, { renew: noStore.renew }) } });
}

const ownerOf = (text: string) => stage.redisClient.hget(redisName(second, sayRecord(text, text)), 'owner');

// KanishJebaMathewM/Truxify#4623: whoever came late deleted the lock, whosever it was by then.
describe('an owner that outlives its lease, and is succeeded', () => {
  test.each([
    ['fails for the moment, and releases', code.ABORTED],
    ['finds its request invalid, and releases', code.INVALID_ARGUMENT],
    ['is cancelled by the database, and releases', code.UNAVAILABLE],
  ])('L2 %s: LOST, and its successor runs on, with others waiting for it', async (what, failure) => {
    const text = `L2-${failure}`;
    const first = await startFirst();
    const [ofFirst, ofSecond] = [stage.createGate(), stage.createGate()];
    stage.whenSaying(text, async () => {
      await ofFirst.pass();
      throw handlerFailure(failure, what);
    });
    const outlived = say(first, { text }, { key: text });
    await ofFirst.reached;
    await endLease(stage, second, sayRecord(text, text));
    stage.whenSaying(text, ofSecond.pass);
    const successor = say(second, { text }, { key: text });
    await ofSecond.reached;
    const owner = await ownerOf(text);

    ofFirst.open();
    expect((await outlived).code).toBe(failure);
    await first.idempotency.drained();
    expect(await ownerOf(text)).toBe(owner);
    expect(await stateInRedis(stage, second, sayRecord(text, text))).toBe('PENDING');

    const runsBefore = third.runs();
    const waiter = say(third, { text }, { key: text });
    await until(
      'the waiter',
      async () => (await stage.redisClient.hget(redisName(second, sayRecord(text, text)), 'waited')) === '1',
    );
    ofSecond.open();
    expect(differentAnswers([await successor, await waiter])).toHaveLength(1);
    expect(toldBy(await successor).status).toBe('executed');
    expect(third.runs()).toBe(runsBefore);
  });

  test('L2 two predecessors come back, one after the other: neither touches the third owner', async () => {
    const text = 'L2-twice';
    const firsts = [await startFirst(), await startFirst()];
    const gates = [stage.createGate(), stage.createGate()];
    const outlived = [];
    for (const [index, first] of firsts.entries()) {
      stage.whenSaying(text, async () => {
        await gates[index]?.pass();
        throw handlerFailure(code.ABORTED);
      });
      outlived.push(say(first, { text }, { key: text }));
      await gates[index]?.reached;
      await endLease(stage, second, sayRecord(text, text));
    }
    const last = stage.holdSaying(text);
    const owner = say(third, { text }, { key: text });
    await last.reached;
    const token = await ownerOf(text);
    for (const gate of gates) gate.open();
    expect((await Promise.all(outlived)).map((result) => result.code)).toEqual([code.ABORTED, code.ABORTED]);
    await Promise.all(firsts.map(({ idempotency }) => idempotency.drained()));
    expect(await ownerOf(text)).toBe(token);
    last.open();
    expect(toldBy(await owner).status).toBe('executed');
  });
});

// aws-powertools/powertools-lambda-typescript#5714, found with TLA+: a recovery wrote by what it had read long before.
describe('a decision on what was so a while ago', () => {
  /** Stands still between its look at Redis and what it makes of that. */
  async function startSlow() {
    const gate = createGate('after_begin');
    const service = await stage.startService({ library: { pause: gate.pause } });
    await reachesRedis(service);
    return { gate, service };
  }

  test('L4 B sees that A is dead, A completes all the same, B goes on: both have the answer of A, and it stays COMPLETED', async () => {
    const text = 'L4-takeover';
    const first = await startFirst();
    const { gate, service: slow } = await startSlow();
    const ofFirst = stage.holdSaying(text);
    const a = say(first, { text }, { key: text });
    await ofFirst.reached;
    await endLease(stage, second, sayRecord(text, text));
    const b = await gate.hold(() => say(slow, { text }, { key: text }));
    const c = say(third, { text }, { key: text });
    await until(
      'C waits for B',
      async () => (await stage.redisClient.hget(redisName(second, sayRecord(text, text)), 'waited')) === '1',
    );
    const runsBefore = slow.runs() + third.runs();
    ofFirst.open();
    expect(toldBy(await a).status).toBe('executed');
    await first.idempotency.drained();
    gate.open();
    expect(differentAnswers([await a, await b.result, await c])).toHaveLength(1);
    expect([toldBy(await b.result).status, toldBy(await c).status]).toEqual(['replayed', 'replayed']);
    expect(slow.runs() + third.runs()).toBe(runsBefore);
    await slow.idempotency.drained();
    expect(await stateInRedis(stage, second, sayRecord(text, text))).toBe('COMPLETED');
  });

  test('L4 B sees that A runs, A completes, B goes on with what it saw: it gets the answer, and takes nothing over', async () => {
    const text = 'L4-in-progress';
    const { gate, service: slow } = await startSlow();
    const ofFirst = stage.holdSaying(text);
    const a = say(second, { text }, { key: text });
    await ofFirst.reached;
    const b = await gate.hold(() => say(slow, { text }, { key: text }));
    ofFirst.open();
    await a;
    await second.idempotency.drained();
    gate.open();
    expect(differentAnswers([await a, await b.result])).toHaveLength(1);
    expect(slow.runs()).toBe(0);
    expect(await stateInRedis(stage, second, sayRecord(text, text))).toBe('COMPLETED');
  });

  test('L4 B sees that nobody is there, stands still for longer than its lease, and C completes: B changes nothing of it', async () => {
    const text = 'L4-fresh';
    const { gate, service: slow } = await startSlow();
    const b = await gate.hold(() => say(slow, { text }, { key: text }));
    await endLease(stage, second, sayRecord(text, text));
    const c = await say(third, { text }, { key: text });
    await third.idempotency.drained();
    gate.open();
    expect(differentAnswers([await b.result, c])).toHaveLength(1);
    expect([toldBy(c).status, toldBy(await b.result).status]).toEqual(['executed', 'replayed']);
    await slow.idempotency.drained();
    expect(await stateInRedis(stage, second, sayRecord(text, text))).toBe('COMPLETED');
  });

  test('L4 whatever a claim still does after the record is settled, it does in vain', async () => {
    const text = 'L4-late-words';
    const claims: Claim[] = [];
    const { begin } = alteredStore(second, {});
    const store = alteredStore(second, {
      begin: (claim) => {
        claims.push(claim);
        return begin(claim);
      },
    });
    const service = await stage.startService({ library: { store } });
    const answer = await say(service, { text }, { key: text });
    await service.idempotency.drained();
    const [claim] = claims;
    if (claim === undefined) throw new Error('there was no claim');
    const late = [
      await store.renew(claim),
      await store.release(claim),
      await store.settle(claim, { kind: 'completed', response: Buffer.from('late') }, 60_000),
      await store.settle(claim, { kind: 'failed', code: 5, message: 'late', details: Buffer.of() }, 60_000),
    ];
    expect(late).toEqual(['lost', 'lost', 'lost', 'lost']);
    expect(await store.begin(claim)).toMatchObject({ kind: 'settled' });
    expect((await say(third, { text }, { key: text })).response).toEqual(answer.response);
  });
});
