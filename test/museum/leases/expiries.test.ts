import { status as code } from '@grpc/grpc-js';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { PolicyError } from '../../../src/idempotency/index.ts';
import { protectService } from '../../../src/idempotency/protected-method.ts';
import type { Claim, Store } from '../../../src/idempotency/store.ts';
import { EchoServiceService, SayRequest } from '../../generated/echo/v1/echo_service.ts';
import { alteredStore } from '../../integration/idempotency/stage/altered-store.ts';
import { say, shout, toldBy } from '../../integration/idempotency/stage/calls.ts';
import { handlerFailure } from '../../integration/idempotency/stage/failures.ts';
import { rawCall } from '../../integration/idempotency/stage/raw-call.ts';
import {
  claimOfTheDead,
  endLease,
  ledgerRow,
  redisName,
  sayRecord,
  shoutRecord,
} from '../../integration/idempotency/stage/records.ts';
import { openStage, type Stage } from '../../integration/idempotency/stage/stage.ts';
import { until } from '../../integration/idempotency/stage/until.ts';
import { namesOf } from '../../integration/orders/record-names.ts';
import { echoContractWith } from '../../support/echo-contract.ts';
import type { EchoService } from '../../support/echo-service.ts';
import { createOrder, orderRequest } from '../../support/order-requests.ts';
import { startServiceProcess } from '../../support/service-process.ts';

const LEASE_MS = 1_000;
const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;
/** A machine that is busy with other tests is no fault of Redis. */
const patientWithRedis = { REDIS_COMMAND_TIMEOUT_MS: '5000', REDIS_SLOW_MS: '4900' };

let stage: Stage;
let echo: EchoService;
let other: EchoService;

beforeAll(async () => {
  stage = await openStage();
  [echo, other] = [await stage.startService(), await stage.startService()];
});

afterAll(() => stage.close());

async function redisNowMs(): Promise<number> {
  const [seconds, microseconds] = await stage.redisClient.time();
  return Number(seconds) * 1_000 + Number(microseconds) / 1_000;
}

/** What a machine that is busy may do between two looks at the clock is no error, and a thousandth or a time zone always is one. */
const TOLERANCE_MS = 100;

/** A stored end lies so far behind a moment that was between two looks at the clock of the store. */
function expectEnd(
  endMs: number,
  lifetimeMs: number,
  { fromMs, toMs }: { readonly fromMs: number; readonly toMs: number },
): void {
  expect(endMs - lifetimeMs).toBeGreaterThan(fromMs - TOLERANCE_MS);
  expect(endMs - lifetimeMs).toBeLessThan(toMs + TOLERANCE_MS);
}

/** Names that would stay for ever. */
async function eternalNames(): Promise<string[]> {
  const names = await stage.redisClient.keys('orders:*{[0-9a-f]*');
  const left = await Promise.all(names.map((name) => stage.redisClient.pttl(name)));
  return names.filter((_, index) => left[index] === -1);
}

const zeros = [0, -1, -86_400_000, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0.4, 1e300];

function withTimes(claim: Claim, ms: number): Claim {
  return { ...claim, record: { ...claim.record, policy: { ...claim.record.policy, leaseMs: ms, timeToLiveMs: ms } } };
}

// aws-powertools/powertools-lambda-python#4759: no time left was read as no limit, and the key was locked for as long as answers
// are kept.
describe('a time of zero', () => {
  test.each([
    ['a lease of zero', { lease: {} }],
    ['a negative lease', { lease: { seconds: -5n } }],
    ['a lease of less than a millisecond', { lease: { nanos: 1 } }],
    ['a time to live of zero', { timeToLive: {} }],
    ['a negative time to live', { timeToLive: { seconds: -1n } }],
    ['a negative longest wait', { longestWait: { seconds: -1n } }],
  ])('L5 %s in a policy: the service does not start', (_what, policy) => {
    expect(() => protectService(echoContractWith(policy), EchoServiceService)).toThrow(PolicyError);
  });

  test.each(zeros)(
    'L5 should %p ms ever reach Redis, what is written ends all the same, and the key is usable',
    async (ms) => {
      const key = `L5-${ms}`;
      const real = alteredStore(other, {});
      const store: Partial<Store> = {
        begin: (claim) => real.begin(withTimes(claim, ms)),
        renew: (claim) => real.renew(withTimes(claim, ms)),
        settle: (claim, outcome) => real.settle(claim, outcome, ms),
      };
      const service = await stage.startService({ library: { store: alteredStore(other, store) } });
      const gate = stage.holdSaying(key);
      const first = say(service, { text: key }, { key });
      await gate.reached;
      expect(await eternalNames()).toEqual([]);
      gate.open();
      const answer = await first;
      await service.idempotency.drained();
      expect(await eternalNames()).toEqual([]);
      const startedMs = performance.now();
      expect((await say(echo, { text: key }, { key })).response).toEqual(answer.response);
      expect(performance.now() - startedMs).toBeLessThan(LEASE_MS + 2_000);
      expect(other.store?.available).toBe(true);
    },
  );

  test.each(['0m', '0S', '0n', '1n', '1u'])(
    'L5 a call that comes %s before its deadline locks nothing',
    async (timeout) => {
      const text = `L5 ${timeout}`;
      const key = `L5-${timeout}`;
      const message = SayRequest.encode(SayRequest.fromPartial({ text })).finish();
      const headers = { 'grpc-timeout': timeout, 'idempotency-key': key };
      expect((await rawCall(echo.port, { headers, messages: [message] })).code).toBe(code.DEADLINE_EXCEEDED);
      await until('the end of the call', () => echo.callsInFlight() === 0);
      const startedMs = performance.now();
      expect((await say(other, { text }, { key })).code).toBe(code.OK);
      expect(performance.now() - startedMs).toBeLessThan(LEASE_MS + 2_000);
      expect(await eternalNames()).toEqual([]);
    },
  );

  test('L5 a deadline in eleven thousand years is one that is far away, not one that is over', async () => {
    const message = SayRequest.encode(SayRequest.fromPartial({ text: 'L5 far' })).finish();
    const headers = { 'grpc-timeout': '99999999H', 'idempotency-key': 'L5-far' };
    expect((await rawCall(echo.port, { headers, messages: [message] })).code).toBe(code.OK);
  });
});

/** What Redis has of a record, and when it ends there. */
async function stampsOf(name: string) {
  const [fields, endMs] = [
    await stage.redisClient.hgetall(name),
    Number(await stage.redisClient.call('PEXPIRETIME', name)),
  ];
  return { fields, endMs, ms: (field: string) => Number(fields[field]), toMs: await redisNowMs() };
}

/** When an entry of the ledger began and ends, by the clock of PostgreSQL. */
async function timesInLedger(key: string) {
  const ms = (column: string) => `(extract(epoch from ${column}) * 1000)::float8 as ${column.replace('()', '')}`;
  const [row] = await stage.sql(
    `select ${ms('created_at')}, ${ms('expires_at')}, ${ms('now()')} from idempotency_keys where key = $1`,
    [key],
  );
  return { createdMs: Number(row?.['created_at']), endMs: Number(row?.['expires_at']), nowMs: Number(row?.['now']) };
}

// aws-powertools/powertools-lambda-java#1285: an expiry in seconds was compared with a clock in milliseconds.
describe('every time that is stored is right', () => {
  test.each(['answers', 'fails for good'])(
    'L6 the claim, its renewal, and the outcome of a handler that %s',
    async (how) => {
      const text = `L6 ${how}`;
      const key = `L6-${how.replaceAll(' ', '-')}`;
      const name = redisName(echo, sayRecord(text, key));
      const gate = stage.createGate();
      stage.whenSaying(text, async () => {
        await gate.pass();
        if (how !== 'answers') throw handlerFailure(code.NOT_FOUND);
      });
      const fromMs = await redisNowMs();
      const call = say(echo, { text }, { key });
      await gate.reached;
      const claimed = await stampsOf(name);
      const claiming = { fromMs, toMs: claimed.toMs };
      expectEnd(claimed.ms('lease_ends_ms'), LEASE_MS, claiming);
      expectEnd(claimed.ms('expires_ms'), DAY_MS, claiming);
      expectEnd(claimed.endMs, LEASE_MS + 1_000, claiming);
      const leaseEnds = claimed.ms('lease_ends_ms');
      await until('the renewal', async () => (await stampsOf(name)).ms('lease_ends_ms') > leaseEnds);
      const renewed = await stampsOf(name);
      expectEnd(renewed.ms('lease_ends_ms'), LEASE_MS, { fromMs, toMs: renewed.toMs });
      expect(renewed.ms('expires_ms')).toBe(claimed.ms('expires_ms'));
      gate.open();
      await call;
      await echo.idempotency.drained();
      const settled = await stampsOf(name);
      expect(settled.fields['state']).toBe(how === 'answers' ? 'COMPLETED' : 'FAILED');
      // Counted from the first attempt, not from its end.
      expectEnd(settled.endMs, DAY_MS, claiming);
      const inLedger = await timesInLedger(key);
      expect(inLedger.endMs - inLedger.createdMs).toBeCloseTo(DAY_MS, 0);
      expect(inLedger.nowMs - inLedger.createdMs).toBeLessThan(10_000);
    },
  );

  test('L6 an answer that Redis learns again from the ledger ends when the first attempt says', async () => {
    const name = redisName(echo, shoutRecord('L6 again', 'L6-again'));
    await shout(echo, 'L6 again', { key: 'L6-again' });
    await echo.idempotency.drained();
    await stage.sql("update idempotency_keys set expires_at = now() + interval '1 hour' where key = 'L6-again'");
    await stage.redisClient.del(name);
    const real = alteredStore(other, {});
    const lifetimes: number[] = [];
    const store = alteredStore(other, {
      settle: (claim, outcome, timeToLiveMs) => {
        lifetimes.push(timeToLiveMs);
        return real.settle(claim, outcome, timeToLiveMs);
      },
    });
    const relearning = await stage.startService({ library: { store } });
    expect(toldBy(await shout(relearning, 'L6 again', { key: 'L6-again' })).status).toBe('replayed');
    await relearning.idempotency.drained();
    expect(lifetimes).toHaveLength(1);
    expect(lifetimes[0]).toBeGreaterThan(HOUR_MS - 10_000);
    expect(lifetimes[0]).toBeLessThanOrEqual(HOUR_MS);
    // The time to live of Shout is two seconds: never longer than a claim has said.
    expect((await stampsOf(name)).endMs - (await redisNowMs())).toBeLessThanOrEqual(2_000);
  });

  test('L6 a waiter is told to come back when the lease is over, in milliseconds', async () => {
    const gate = stage.createGate();
    stage.whenShouting('L6 held', gate.pass);
    const owner = shout(echo, 'L6 held', { key: 'L6-held' });
    await gate.reached;
    const refused = await shout(other, 'L6 held', { key: 'L6-held' });
    gate.open();
    await owner;
    const { seconds = 0n, nanos = 0 } = refused.retryInfo?.retryDelay ?? {};
    const delayMs = Number(seconds) * 1_000 + nanos / 1e6;
    expect(delayMs).toBeGreaterThanOrEqual(100);
    expect(delayMs).toBeLessThanOrEqual(LEASE_MS);
    expect(refused.metadata.get('grpc-retry-pushback-ms')).toEqual([String(delayMs)]);
  });

  test.each([5 * HOUR_MS, -72 * HOUR_MS])(
    'L6 a process whose clock is wrong by %i ms stores the right times',
    async (shiftMs) => {
      const shift = `const Real = Date;
      globalThis.Date = class extends Real {
        constructor(...args) { super(...(args.length > 0 ? args : [Real.now() + ${shiftMs}])); }
        static now() { return Real.now() + ${shiftMs}; }
      };`;
      await using service = await startServiceProcess({
        databaseUrl: stage.databaseUrl,
        redisUrl: stage.redis.url,
        pauseAt: 'before_commit',
        settings: { ...patientWithRedis, NODE_OPTIONS: `--import data:text/javascript,${encodeURIComponent(shift)}` },
      });
      const key = `L6-shift-${shiftMs}`;
      const fromMs = await redisNowMs();
      const call = createOrder(service.client, orderRequest({ customerId: key }), { key });
      await service.paused();
      const [name = ''] = await namesOf(stage.redisClient, key);
      const claimed = await stampsOf(name);
      expectEnd(claimed.ms('expires_ms'), DAY_MS, { fromMs, toMs: claimed.toMs });
      expectEnd(claimed.ms('lease_ends_ms'), 5_000, { fromMs, toMs: claimed.toMs });
      service.resume();
      expect((await call).code).toBe(code.OK);
      await until('the outcome', async () => (await stampsOf(name)).fields['state'] === 'COMPLETED');
      expectEnd((await stampsOf(name)).endMs, DAY_MS, { fromMs, toMs: claimed.toMs });
      const inLedger = await timesInLedger(key);
      expect(inLedger.endMs - inLedger.createdMs).toBeCloseTo(DAY_MS, 0);
      expect(inLedger.nowMs - inLedger.createdMs).toBeLessThan(30_000);
    },
  );
});

// redis/redis#1118, #7520: a number that Lua puts into a text loses digits, one that it returns loses its fraction, and a nil ends
// the list it stands in.
describe('what Lua makes of numbers', () => {
  const numbersIn = (fields: Readonly<Record<string, string>>) =>
    Object.entries(fields).filter(([name]) => /_ms$|^(form|code|attempts|fingerprint_version|waited)$/.test(name));

  test.each([
    ['of the usual times', { lease: undefined, timeToLive: undefined }],
    ['of the longest times', { lease: { seconds: 60n }, timeToLive: { seconds: 2_592_000n } }],
  ])(
    'S12 every number in a record %s is an integer with all its digits: claimed, renewed, taken over, settled',
    async (what, policy) => {
      const contract = echoContractWith(policy);
      const service = await stage.startService({ library: { contract } });
      const key = `S12-${what.replaceAll(' ', '-')}`;
      const [leaseMs, timeToLiveMs] = policy.lease ? [60_000, 30 * DAY_MS] : [LEASE_MS, DAY_MS];
      const usual = sayRecord(key, key);
      const record = { ...usual, policy: { ...usual.policy, leaseMs, timeToLiveMs } };
      const name = redisName(echo, record);
      const snapshots: Record<string, string>[] = [];
      const look = async () => void snapshots.push(await stage.redisClient.hgetall(name));
      const dead = await claimOfTheDead(other, record);
      await look();
      await endLease(stage, other, record);
      const gate = stage.holdSaying(key);
      const call = say(service, { text: key }, { key });
      await gate.reached;
      await look();
      expect(await other.store?.renew({ ...dead, owner: snapshots[1]?.['owner'] ?? '' })).toBe('done');
      await look();
      gate.open();
      await call;
      await service.idempotency.drained();
      await look();
      expect(snapshots.map(({ state }) => state)).toEqual(['PENDING', 'PENDING', 'PENDING', 'COMPLETED']);
      for (const fields of snapshots) {
        const numbers = numbersIn(fields);
        expect(numbers.length).toBeGreaterThan(0);
        for (const [field, value] of numbers) {
          expect([field, value]).toEqual([
            field,
            expect.stringMatching(field.endsWith('_ms') ? /^\d{13}$/ : /^\d{1,3}$/),
          ]);
        }
      }
    },
  );

  test.each(['COMPLETED', 'FAILED'])(
    'S12 a %s record that lacks a field is no list cut short: the ledger is asked',
    async (state) => {
      const text = `S12 ${state}`;
      const key = `S12-${state}`;
      stage.whenSaying(text, () => {
        if (state === 'FAILED') throw handlerFailure(code.NOT_FOUND);
      });
      const first = await say(echo, { text }, { key });
      await echo.idempotency.drained();
      const name = redisName(echo, sayRecord(text, key));
      const whole = await stage.redisClient.hgetallBuffer(name);
      expect(Object.keys(whole).length).toBeGreaterThan(5);
      for (const field of Object.keys(whole)) {
        await stage.redisClient.hset(name, whole);
        await stage.redisClient.hdel(name, field);
        const again = await say(other, { text }, { key });
        expect([field, again.code, again.message, again.response]).toEqual([
          field,
          first.code,
          first.message,
          first.response,
        ]);
        expect(again.metadata.get('grpc-status-details-bin')).toEqual(first.metadata.get('grpc-status-details-bin'));
      }
      expect(await ledgerRow(stage, sayRecord(text, key))).toMatchObject({ state });
    },
  );
});
