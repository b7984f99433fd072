import type { Client } from '@grpc/grpc-js';
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { answerOf, createOrder, orderRequest } from '../../support/order-requests.ts';
import { startServiceProcess } from '../../support/service-process.ts';
import { type CallResult, createClient, metadataValue, status } from '../../support/unary-call.ts';
import { oneEffect } from '../orders/audit.ts';
import { type OpenStores, openStores } from '../orders/stores.ts';
import { sayLarge, startEchoProcess } from './echo-process.ts';
import { residentMebibytes, watchMemory } from './process-memory.ts';
import { expectRefusal } from './refusal.ts';

const CROWD = 10_000;
/** As many as are told at once to come back, without any that the limit of open calls turns away first. */
const REFUSED_CROWD = 1_000;
/** Ten seconds a test where nothing else runs. */
const MACHINE_IS_BUSY_MS = 120_000;
const IN_FLIGHT_MAX = 1_000;
/** What a waiting call may cost: 17 kB were measured. */
const WAITING_MEBIBYTES = (CROWD * 40_000) / 1_048_576;

jest.setTimeout(MACHINE_IS_BUSY_MS);

let stores: OpenStores;

beforeAll(async () => {
  stores = await openStores();
});

afterAll(() => stores.close());

/** One connection for all: how many streams it may have is another limit. */
const oneConnection = { GRPC_MAX_STREAMS_PER_CONNECTION: '10000' };

/** A busy machine may need more time for ten thousand calls than one of them may take by default. */
const patient = {
  GRPC_CALL_LIMIT_MS: String(MACHINE_IS_BUSY_MS),
  IDEMPOTENCY_HANDLER_LIMIT_MS: String(MACHINE_IS_BUSY_MS),
  // A thousand commits at once wait for ten connections.
  DATABASE_CONNECT_TIMEOUT_MS: '60000',
};

/** Sends many calls at once, by a client of their own. */
function sendCrowd(port: number, size: number, call: (client: Client, index: number) => Promise<CallResult>) {
  const client = createClient(port);
  const calls = Array.from({ length: size }, (_, index) => call(client, index));
  let endedNow = 0;
  const onEnd = new Set<() => void>();
  for (const call of calls) {
    void call.then(() => {
      endedNow += 1;
      for (const listener of onEnd) listener();
    });
  }
  return {
    results: Promise.all(calls).finally(() => client.close()),
    /** Resolves when so many calls have ended. */
    ended: (count: number) =>
      new Promise<void>((resolve) => {
        const listener = () => {
          if (endedNow >= count) resolve();
        };
        onEnd.add(listener);
        listener();
      }),
  };
}

const placing = (key: string) => (client: Client) =>
  createOrder(client, orderRequest({ customerId: key }), { key, deadlineMs: MACHINE_IS_BUSY_MS });

/** How many calls ended in which way. */
function countEndings(results: readonly CallResult[]): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const { code, errorInfo } of results) {
    const ending = errorInfo?.reason ?? status[code];
    counts[ending] = (counts[ending] ?? 0) + 1;
  }
  return counts;
}

/** One of each kind of refusal: thousands that are equal are not looked at one by one. */
function differentRefusals(results: readonly CallResult[]): readonly CallResult[] {
  const different = new Map<string, CallResult>();
  for (const result of results.filter(({ code }) => code !== status.OK)) {
    const { code, message, hadHeaders, metadata } = result;
    const told = ['grpc-status-details-bin', 'grpc-retry-pushback-ms'].map((name) => metadata.get(name).map(toHex));
    different.set([code, message, hadHeaders, told].join(), result);
  }
  return [...different.values()];
}

function toHex(value: string | Buffer): string {
  return Buffer.from(value).toString('hex');
}

function differentAnswers(results: readonly CallResult[]): number {
  return new Set(results.filter(({ code }) => code === status.OK).map((result) => toHex(answerOf(result)))).size;
}

test('P10 10,000 duplicates of one key wait where that is allowed: one effect, and 10,000 equal answers', async () => {
  await using service = await startServiceProcess({
    ...stores,
    pauseAt: 'before_commit',
    settings: { ...oneConnection, ...patient, GRPC_MAX_CALLS_OPEN: '20000', IDEMPOTENCY_MAX_WAITERS_PER_KEY: '10000' },
  });
  const before = residentMebibytes(service.processId);
  using memory = watchMemory(service.processId);
  const crowd = sendCrowd(service.port, CROWD, placing('crowd'));
  await service.paused();
  service.resume();
  const results = await crowd.results;
  expect(countEndings(results)).toEqual({ OK: CROWD });
  expect(differentAnswers(results)).toBe(1);
  expect(await stores.audit.effectsOf('crowd')).toEqual(oneEffect);
  expect(memory.peakMebibytes - before).toBeLessThan(WAITING_MEBIBYTES);
});

test('P10 of 1,000 duplicates of one key 100 wait, as set by default; the others are told at once to come back', async () => {
  await using service = await startServiceProcess({
    ...stores,
    pauseAt: 'before_commit',
    settings: { ...oneConnection, ...patient },
  });
  const crowd = sendCrowd(service.port, REFUSED_CROWD, placing('default-crowd'));
  await service.paused();
  // The one that runs stands still: whoever is answered now was not made to wait for it.
  await crowd.ended(REFUSED_CROWD - 101);
  service.resume();
  const results = await crowd.results;
  expect(countEndings(results)).toEqual({ OK: 101, TOO_MANY_WAITERS: REFUSED_CROWD - 101 });
  const refusals = differentRefusals(results);
  expect(refusals).toHaveLength(1);
  for (const refusal of refusals) {
    expect(refusal).toMatchObject({ code: status.RESOURCE_EXHAUSTED, hadHeaders: false });
    expect(refusal.errorInfo?.metadata).toEqual(
      new Map([
        ['key', 'default-crowd'],
        ['waitersMax', '100'],
      ]),
    );
    expect(metadataValue(refusal, 'grpc-retry-pushback-ms')).toBe('1000');
    expect(refusal.retryInfo?.retryDelay).toEqual({ seconds: 1n, nanos: 0 });
  }
  expect(differentAnswers(results)).toBe(1);
  expect(await stores.audit.effectsOf('default-crowd')).toEqual(oneEffect);
});

test('P10 of 10,000 keys at once 1,000 are worked on; the rest is refused at once, leaves nothing, and may come again', async () => {
  await using echo = await startEchoProcess(stores, {
    ...oneConnection,
    ...patient,
    GRPC_MAX_CALLS_OPEN: '20000',
    GRPC_MAX_CALLS_IN_FLIGHT: String(IN_FLIGHT_MAX),
  });
  const before = residentMebibytes(echo.processId);
  using memory = watchMemory(echo.processId);
  const sayTo = (client: Client, index: number) =>
    sayLarge(client, 10, { key: `key-${index}`, deadlineMs: MACHINE_IS_BUSY_MS });
  const crowd = sendCrowd(echo.port, CROWD, sayTo);
  // The handlers stand still: whoever is answered now was not made to wait for one of them.
  await crowd.ended(CROWD - IN_FLIGHT_MAX);
  echo.open();
  const results = await crowd.results;
  expect(countEndings(results)).toEqual({ OK: IN_FLIGHT_MAX, TOO_MANY_RUNS: CROWD - IN_FLIGHT_MAX });
  const refusals = differentRefusals(results);
  expect(refusals).toHaveLength(1);
  for (const refusal of refusals) expectRefusal(refusal, 'TOO_MANY_RUNS', { runsMax: String(IN_FLIGHT_MAX) });
  expect(await entries()).toBe(IN_FLIGHT_MAX);
  expect(memory.peakMebibytes - before).toBeLessThan(WAITING_MEBIBYTES);
  // A refused key is as good as new, and a used one is still used.
  const someRefused = results.findIndex(({ code }) => code !== status.OK);
  const someAnswered = results.findIndex(({ code }) => code === status.OK);
  const again = await Promise.all([someRefused, someAnswered].map((index) => sayTo(echo.client, index)));
  expect(again.map((result) => metadataValue(result, 'idempotency-status'))).toEqual(['executed', 'replayed']);
  expect(await entries()).toBe(IN_FLIGHT_MAX + 1);
});

async function entries(): Promise<number> {
  const [row] = await stores.audit.run(`select count(*)::int as number from idempotency_keys where key like 'key-%'`);
  return Number(row?.['number']);
}
