import { createHash, randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { status as code } from '@grpc/grpc-js';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { Status } from '../../../src/generated/google/rpc/status.ts';
import type { RedisStore } from '../../../src/idempotency/index.ts';
import { batchText, type ScriptName, scriptNames } from '../../../src/idempotency/redis/scripts.ts';
import { SayResponse } from '../../generated/echo/v1/echo_service.ts';
import { completedReply } from '../../integration/faults/redis-server.ts';
import { failureBytes, say, toldBy } from '../../integration/idempotency/stage/calls.ts';
import { handlerFailure } from '../../integration/idempotency/stage/failures.ts';
import { sayRecord, stateInRedis } from '../../integration/idempotency/stage/records.ts';
import { openStage, type Stage } from '../../integration/idempotency/stage/stage.ts';
import { until } from '../../integration/idempotency/stage/until.ts';
import type { EchoService } from '../../support/echo-service.ts';
import { startTcpProxy, type TcpProxy } from '../../support/tcp-proxy.ts';
import type { CallResult } from '../../support/unary-call.ts';

const COMMAND_TIMEOUT_MS = 600;
/** What a loaded machine may add to a call. */
const ALLOWANCE_MS = 2_500;

let stage: Stage;
let echo: EchoService;
/** The way of `distant` to Redis. */
let proxy: TcpProxy;
let distant: EchoService;

beforeAll(async () => {
  stage = await openStage();
  proxy = await startTcpProxy(stage.redis.port);
  echo = await stage.startService();
  distant = await stage.startService({
    settings: {
      REDIS_URL: `redis://127.0.0.1:${proxy.port}`,
      REDIS_COMMAND_TIMEOUT_MS: String(COMMAND_TIMEOUT_MS),
      REDIS_SLOW_MS: '500',
      REDIS_CIRCUIT_FAILURES: '1000',
      REDIS_CIRCUIT_PROBE_MS: '50',
    },
  });
});

afterAll(async () => {
  await stage.close();
  await proxy.stop();
});

beforeEach(async () => {
  proxy.heal();
  // New connections, whatever the last test has done to the old ones; and each of them knows all scripts by their digests.
  await stage.redisClient.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
  await Promise.all(
    [echo, distant].map(({ store }) => until('Redis answers', () => store !== undefined && runsAllScripts(store))),
  );
});

/** Short enough to be compared and shown, however long the bytes are. */
function digestOf(bytes: Uint8Array | undefined): string | undefined {
  return bytes && createHash('sha256').update(bytes).digest('hex');
}

async function runsAllScripts(store: RedisStore): Promise<boolean> {
  const claims = ['complete', 'fail', 'release'].map((name) =>
    store.newClaim(sayRecord('any', `${name}-${randomUUID()}`)),
  );
  for (const claim of claims) await store.begin(claim);
  const [complete, fail, release] = claims;
  if (!complete || !fail || !release) return false;
  const replies = [
    await store.renew(complete),
    await store.settle(complete, { kind: 'completed', response: Buffer.of() }, 1_000),
    await store.settle(fail, { kind: 'failed', code: 5, message: '', details: Buffer.of() }, 1_000),
    await store.release(release),
  ];
  return replies.every((reply) => reply === 'done');
}

const allBytes = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));

/** What a client of Redis might take for text, for an end of a line, or for a reply of its own. */
const payloads: Readonly<Record<string, Buffer>> = {
  '00 ff fe 0a': Buffer.from([0x00, 0xff, 0xfe, 0x0a]),
  'every byte': allBytes,
  'every byte, the other way round': Buffer.from(allBytes.toReversed()),
  'line ends': Buffer.from('\r\n\r\n\n\r'),
  'replies of Redis': Buffer.from('$-1\r\n*2\r\n:1\r\n-ERR no\r\n_\r\n'),
  'halves of characters': Buffer.from('f09f98 80 eda080 c3 e2 82'.replaceAll(' ', ''), 'hex'),
  nothing: Buffer.alloc(0),
  'a hundred thousand bytes': Buffer.alloc(100_000, allBytes),
};

// redis/ioredis#1228, #1923: answers came back as text, and lost what is no UTF-8.
test('S1 binary answers come back from Redis byte for byte, many in one reply', async () => {
  const entries = Object.entries(payloads);
  const firsts = await Promise.all(
    entries.map(([text, payload]) => say(echo, { text, payload }, { key: `S1-${text.replaceAll(/[ ,]+/g, '-')}` })),
  );
  await echo.idempotency.drained();
  // From Redis alone: the ledger no longer knows them.
  await stage.sql("delete from idempotency_keys where key like 'S1-%'");
  const runsBefore = distant.runs();
  const requests = [0, 1, 2].flatMap(() => entries);
  const replays = await Promise.all(
    requests.map(([text, payload]) => say(distant, { text, payload }, { key: `S1-${text.replaceAll(/[ ,]+/g, '-')}` })),
  );
  expect(distant.runs()).toBe(runsBefore);
  const digests = (results: readonly CallResult[]) => results.map(({ response }) => digestOf(response));
  expect(digests(replays)).toEqual([0, 1, 2].flatMap(() => digests(firsts)));
  const payloadsBack = replays.map(({ response }) => digestOf(SayResponse.decode(response ?? Buffer.of()).payload));
  expect(payloadsBack).toEqual(requests.map(([, payload]) => digestOf(payload)));
});

test('S1 binary details and texts of failures come back from Redis byte for byte', async () => {
  const failures = Object.values(payloads)
    .filter(({ length }) => length < 3_000)
    .map((value) =>
      Buffer.from(Status.encode({ code: 5, message: '', details: [{ typeUrl: 'any', value }] }).finish()),
    );
  for (const [index, details] of failures.entries()) {
    const text = `S1 failure ${index}`;
    const key = `S1-failure-${index}`;
    stage.whenSaying(text, () => {
      throw handlerFailure(code.NOT_FOUND, 'weg \u{1f600} \r\n % %41 é ', details);
    });
    const first = await say(echo, { text }, { key });
    await echo.idempotency.drained();
    await stage.sql('delete from idempotency_keys where key = $1', [key]);
    const replay = await say(distant, { text }, { key });
    expect(failureBytes(replay)).toEqual(failureBytes(first));
    expect(failureBytes(replay).details).toEqual([details.toString('hex')]);
    expect(toldBy(replay).status).toBe('replayed');
  }
});

/** What a call sends; `look` belongs to the inspection. */
type CallScript = Exclude<ScriptName, 'look'>;
const callScripts = scriptNames.filter((name): name is CallScript => name !== 'look');

/** How the handler ends for a script to be sent, and with it the call. The claim is renewed every third of its lease of one second. */
const endings: Readonly<Record<CallScript, code>> = {
  begin: code.OK,
  renew: code.OK,
  complete: code.OK,
  fail: code.NOT_FOUND,
  release: code.ABORTED,
};

function callThatSends(script: CallScript, text: string, key: string) {
  stage.whenSaying(text, async () => {
    if (script === 'renew') await sleep(700);
    if (endings[script] !== code.OK) throw handlerFailure(endings[script]);
  });
  return say(distant, { text }, { key });
}

const sha1 = (script: ScriptName) => createHash('sha1').update(batchText(script)).digest('hex');

// redis/ioredis#2193: the connection was cut, and the promise of a command stayed open for ever.
describe.each(callScripts)('a script that is never answered: %s', (script) => {
  test.each([
    ['the connection is cut with it in flight', () => proxy.cutAfter({ from: 'client', bytes: sha1(script) })],
    ['its reply is swallowed', async () => proxy.swallowReplyTo(sha1(script))],
  ])(`S3 ${script}, %s: the call is answered within its budget, and nothing hangs`, async (how, disturb) => {
    const key = `S3-${script}-${how.replaceAll(' ', '-')}`;
    const disturbed = disturb();
    const startedMs = performance.now();
    const result = await callThatSends(script, key, key);
    expect(result.code).toBe(endings[script]);
    expect(performance.now() - startedMs).toBeLessThan(COMMAND_TIMEOUT_MS + 700 + ALLOWANCE_MS);
    await disturbed;
    await distant.idempotency.drained();
    expect(performance.now() - startedMs).toBeLessThan(2 * COMMAND_TIMEOUT_MS + 700 + ALLOWANCE_MS);

    stage.whenSaying(key, () => {});
    const retry = await say(echo, { text: key }, { key });
    expect(performance.now() - startedMs).toBeLessThan(3 * COMMAND_TIMEOUT_MS + 1_700 + 2 * ALLOWANCE_MS);
    if (script === 'release') {
      expect([retry.code, toldBy(retry).status]).toEqual([code.OK, 'executed']);
    } else {
      expect([retry.code, retry.response, toldBy(retry).status]).toEqual([result.code, result.response, 'replayed']);
    }
  });
});

// redis/ioredis#800, #965, #2181: after a reconnect, or behind a command that failed when it was queued, every reply was that of the
// command before.
test('S4 replies that have moved by one answer nobody, in whatever batch, and neither do those of strangers', async () => {
  const stranger = await say(echo, { text: 'S4 stranger' }, { key: 'S4-stranger' });
  const keys = Array.from({ length: 20 }, (_, index) => `S4-${index}`);
  const firsts = await Promise.all(keys.map((key) => say(echo, { text: key }, { key })));
  await echo.idempotency.drained();
  proxy.answerBefore('evalsha', completedReply(stranger));
  // At once, and so in few commands: the first gets the stranger's answer, and each other one that of its predecessor.
  const answers = await Promise.all(keys.map((key) => say(distant, { text: key }, { key })));
  expect(answers.map(({ response }) => response)).toEqual(firsts.map(({ response }) => response));
  expect(answers.map((answer) => toldBy(answer).status)).toEqual(keys.map(() => 'replayed'));
});

test('S4 sockets that are cut in the middle of a batch, under load: each call has its own answer', async () => {
  const keys = Array.from({ length: 120 }, (_, index) => `S4-load-${index}`);
  let cuts = 0;
  let isOver = false;
  const cutAgainAndAgain = async () => {
    while (!isOver) {
      await Promise.race([proxy.cutAfter({ from: 'client', bytes: 'evalsha' }, { from: 'server', bytes: '*' }), calls]);
      cuts += 1;
    }
  };
  const one = async (key: string) => [
    await say(distant, { text: key }, { key }),
    await say(distant, { text: key }, { key }),
  ];
  const calls = (async () => {
    const results: Awaited<ReturnType<typeof one>>[] = [];
    for (let at = 0; at < keys.length; at += 20) results.push(...(await Promise.all(keys.slice(at, at + 20).map(one))));
    isOver = true;
    return results;
  })();
  await Promise.all([calls, cutAgainAndAgain()]);
  for (const [index, answers] of (await calls).entries()) {
    expect(answers.map(({ response }) => SayResponse.decode(response ?? Buffer.of()).text)).toEqual([
      keys[index],
      keys[index],
    ]);
    expect(answers[0]?.response).toEqual(answers[1]?.response);
  }
  expect(cuts).toBeGreaterThan(3);
  const [{ count } = {}] = await stage.sql(
    "select count(*)::int as count from idempotency_keys where key like 'S4-load-%'",
  );
  expect(count).toBe(keys.length);
});

test('S4 a command that throws when it is queued takes no other command with it', async () => {
  const { store } = distant;
  if (store === undefined) throw new Error('there is no store');
  const poisoned = store.newClaim(sayRecord('S4 poison', 'S4-poison'));
  const poison = {
    ...poisoned,
    get owner(): string {
      throw new TypeError('cannot be queued');
    },
  };
  const keys = Array.from({ length: 10 }, (_, index) => `S4-poison-${index}`);
  const calls = keys.slice(0, 5).map((key) => say(distant, { text: key }, { key }));
  const thrown = store.begin(poison).catch((error: unknown) => String(error));
  const [answers, later] = [
    await Promise.all(calls),
    await Promise.all(keys.slice(5).map((key) => say(distant, { text: key }, { key }))),
  ];
  expect(await thrown).toMatch(/cannot be queued/);
  expect([...answers, ...later].map(({ response }) => SayResponse.decode(response ?? Buffer.of()).text)).toEqual(keys);
  expect(await stateInRedis(stage, distant, sayRecord('S4 poison', 'S4-poison'))).toBeNull();
});

test('S4 one reply is lost, and all later ones come one too late: the connection is left, and Redis serves again', async () => {
  // As in production: five faults in a row open the circuit, and the probe goes on meanwhile. Few calls, one after the other.
  const service = await stage.startService({
    settings: {
      REDIS_URL: `redis://127.0.0.1:${proxy.port}`,
      REDIS_COMMAND_TIMEOUT_MS: '250',
      REDIS_SLOW_MS: '200',
      REDIS_CIRCUIT_PROBE_MS: '50',
    },
  });
  const { store } = service;
  if (store === undefined) throw new Error('there is no store');
  await until('Redis answers', () => runsAllScripts(store));
  proxy.swallowReplyTo('evalsha');
  for (const index of [1, 2, 3]) {
    const key = `S4-lost-${index}`;
    expect(SayResponse.decode((await say(service, { text: key }, { key })).response ?? Buffer.of()).text).toBe(key);
    await sleep(200);
  }
  expect(await runsAllScripts(store)).toBe(true);
});
