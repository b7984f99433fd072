import { status as code } from '@grpc/grpc-js';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { SayRequest } from '../../generated/echo/v1/echo_service.ts';
import type { EchoService } from '../../support/echo-service.ts';
import { atOnce, expectRefusal } from '../limits/refusal.ts';
import { alteredStore } from './stage/altered-store.ts';
import { say, toldBy } from './stage/calls.ts';
import { rawCall } from './stage/raw-call.ts';
import { claimOfTheDead, ledgerRow, sayRecord, stateInRedis } from './stage/records.ts';
import { openStage, type Stage } from './stage/stage.ts';
import { until } from './stage/until.ts';

let stage: Stage;
let echo: EchoService;

beforeAll(async () => {
  stage = await openStage();
  echo = await stage.startService({ settings: { IDEMPOTENCY_MAX_WAITERS_PER_KEY: '2' } });
});

afterAll(() => stage.close());

/** The server has heard that nobody is there any more. */
const noCallLeft = (service: EchoService, calls = 0) =>
  until('the end of the call', () => service.callsInFlight() === calls);

describe('a caller that cancels', () => {
  test('while its key is looked up: the handler does not run, and the key is free (P6, G9)', async () => {
    const gate = stage.createGate();
    const { begin } = alteredStore(echo, {});
    const slow = alteredStore(echo, {
      begin: async (claim) => {
        const reply = await begin(claim);
        await gate.pass();
        return reply;
      },
    });
    const service = await stage.startService({ library: { store: slow } });
    const caller = new AbortController();
    const call = say(service, { text: 'looked up' }, { key: 'c-1', signal: caller.signal });
    await gate.reached;
    caller.abort();
    expect((await call).code).toBe(code.CANCELLED);
    await noCallLeft(service);
    gate.open();
    await until('the release', async () => (await stateInRedis(stage, echo, sayRecord('looked up', 'c-1'))) === null);
    expect(service.runs()).toBe(0);
    expect(service.idempotency.runsNow).toBe(0);
  });

  test('while it waits: the others wait on, and its place is free again (P10)', async () => {
    const gate = stage.holdSaying('waited for');
    const owner = say(echo, { text: 'waited for' }, { key: 'c-2' });
    await gate.reached;
    const caller = new AbortController();
    const cancelled = [1, 2].map(() => say(echo, { text: 'waited for' }, { key: 'c-2', signal: caller.signal }));
    await until('both', () => echo.callsInFlight() === 3);
    caller.abort();
    expect((await Promise.all(cancelled)).map((result) => result.code)).toEqual([code.CANCELLED, code.CANCELLED]);
    await noCallLeft(echo, 1);
    // Two may wait: both places must have been given back.
    const patient = [1, 2].map(() => say(echo, { text: 'waited for' }, { key: 'c-2' }));
    await until('the next two', () => echo.callsInFlight() === 3);
    gate.open();
    const results = await Promise.all([owner, ...patient]);
    expect(results.map((result) => result.code)).toEqual([code.OK, code.OK, code.OK]);
  });

  test('while it waits for another process: its record is let go of, and nothing is left behind', async () => {
    await claimOfTheDead(echo, sayRecord('elsewhere', 'c-3'));
    const caller = new AbortController();
    const call = say(echo, { text: 'elsewhere' }, { key: 'c-3', signal: caller.signal });
    await until('the lead', () => echo.idempotency.runsNow === 1);
    caller.abort();
    expect((await call).code).toBe(code.CANCELLED);
    await until('the end of the lead', () => echo.idempotency.runsNow === 0);
    expect(await ledgerRow(stage, sayRecord('elsewhere', 'c-3'))).toBeUndefined();
  });

  test('while its handler runs: the handler ends, and the retry gets its answer (P1, P7)', async () => {
    const gate = stage.holdSaying('running');
    const caller = new AbortController();
    const call = say(echo, { text: 'running' }, { key: 'c-4', signal: caller.signal });
    await gate.reached;
    caller.abort();
    expect((await call).code).toBe(code.CANCELLED);
    await noCallLeft(echo);
    const retry = say(echo, { text: 'running' }, { key: 'c-4' });
    const runsBefore = echo.runs();
    gate.open();
    expect(toldBy(await retry)).toEqual({ key: 'c-4', source: 'client', status: 'replayed' });
    expect(echo.runs()).toBe(runsBefore);
  });
});

test('callers that have gone leave records behind for which the process still leads: of those there are only so many (P10)', async () => {
  const facts = { leadsMax: '2' };
  const service = await stage.startService({ library: { leadsMax: 2 } });
  const names = ['left-0', 'left-1'];
  const gates = names.map((name) => stage.holdSaying(name));
  const caller = new AbortController();
  const left = names.map((name) => say(service, { text: name }, { key: name, signal: caller.signal }));
  await Promise.all(gates.map(({ reached }) => reached));
  caller.abort();
  await Promise.all(left);
  await noCallLeft(service);

  const another = (index: number) => say(service, { text: 'another' }, { key: `another-${index}` });
  expectRefusal(await atOnce(another), 'TOO_MANY_RUNS', facts);
  const many = await Promise.all(Array.from({ length: 50 }, (_, index) => another(index)));
  for (const result of many) expectRefusal(result, 'TOO_MANY_RUNS', facts);
  expect(service.runs()).toBe(names.length);

  gates[0]?.open();
  await until('there is room', () => service.idempotency.runsNow === 1);
  expect(toldBy(await another(0)).status).toBe('executed');
});

describe('a deadline', () => {
  test('that passes while the handler runs: the handler ends, and the retry gets its answer (P1, P7)', async () => {
    const gate = stage.holdSaying('too slow');
    const call = say(echo, { text: 'too slow' }, { key: 'd-1', deadlineMs: 500 });
    await gate.reached;
    expect((await call).code).toBe(code.DEADLINE_EXCEEDED);
    await noCallLeft(echo);
    gate.open();
    const record = sayRecord('too slow', 'd-1');
    await until('the commit', async () => (await ledgerRow(stage, record)) !== undefined);
    const retry = await say(echo, { text: 'too slow' }, { key: 'd-1' });
    expect(toldBy(retry).status).toBe('replayed');
  });

  test('that is over on arrival locks nothing: the key works at once (P6, L5)', async () => {
    const message = SayRequest.encode(SayRequest.fromPartial({ text: 'over' })).finish();
    const headers = { 'grpc-timeout': '0m', 'idempotency-key': 'd-2' };
    expect((await rawCall(echo.port, { headers, messages: [message] })).code).toBe(code.DEADLINE_EXCEEDED);
    await noCallLeft(echo);
    const startedMs = performance.now();
    expect((await say(echo, { text: 'over' }, { key: 'd-2' })).code).toBe(code.OK);
    expect(performance.now() - startedMs).toBeLessThan(3_000);
  });
});
