import { status as code } from '@grpc/grpc-js';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { echoContractWith } from '../../support/echo-contract.ts';
import type { EchoService, HandlerFailure } from '../../support/echo-service.ts';
import type { CallResult } from '../../support/unary-call.ts';
import { failureBytes, say, toldBy } from './stage/calls.ts';
import { handlerFailure } from './stage/failures.ts';
import { redisName, sayRecord } from './stage/records.ts';
import { openStage, type Stage } from './stage/stage.ts';
import { until } from './stage/until.ts';
import { differentAnswers, sendDuplicates } from './stage/waiters.ts';

let stage: Stage;
let echo: EchoService;
let other: EchoService;

beforeAll(async () => {
  stage = await openStage();
  // Nothing but a wake-up ends a wait: the lease and the recheck are a minute away.
  const patient = {
    settings: { IDEMPOTENCY_RECHECK_MS: '60000' },
    library: { contract: echoContractWith({ lease: { seconds: 60n } }) },
  };
  [echo, other] = [await stage.startService(patient), await stage.startService(patient)];
});

afterAll(() => stage.close());

/** An owner in one process that is held, and three duplicates each in the same and in another process that wait for it. */
async function holdWithWaiters(text: string, failure?: HandlerFailure) {
  const key = text.replaceAll(' ', '-');
  const gate = stage.createGate();
  let hasRun = false;
  stage.whenSaying(text, async () => {
    if (!hasRun) {
      hasRun = true;
      await gate.pass();
      if (failure) throw failure;
    }
  });
  const owner = say(echo, { text }, { key });
  await gate.reached;
  const local = await sendDuplicates(echo, 3, text, { key });
  const remote = await sendDuplicates(other, 3, text, { key });
  const name = redisName(other, sayRecord(text, key));
  await until('a waiter in the other process', async () => (await stage.redisClient.hget(name, 'waited')) === '1');
  const waiters = async (): Promise<readonly CallResult[]> => [...(await local.results), ...(await remote.results)];
  return { gate, owner, waiters };
}

test('duplicates in flight wait, in this process and in another, and get the same answer (P4)', async () => {
  const { gate, owner, waiters } = await holdWithWaiters('the same');
  gate.open();
  const first = await owner;
  const results = await waiters();
  expect(differentAnswers([first, ...results])).toHaveLength(1);
  expect(toldBy(first).status).toBe('executed');
  expect(results.map((result) => toldBy(result).status)).toEqual(results.map(() => 'replayed'));
});

test('an owner that ends with a transient failure: exactly one waiter takes over, the others get its answer (L9)', async () => {
  const { gate, owner, waiters } = await holdWithWaiters('transient', handlerFailure(code.ABORTED));
  const runsBefore = echo.runs() + other.runs();
  gate.open();
  const results = await waiters();
  expect((await owner).code).toBe(code.ABORTED);
  expect(differentAnswers(results)).toHaveLength(1);
  expect(results[0]?.code).toBe(code.OK);
  expect(results.map((result) => toldBy(result).status).sort()).toEqual(['executed', ...Array(5).fill('replayed')]);
  expect(echo.runs() + other.runs()).toBe(runsBefore + 1);
});

test('an owner that fails for good: the same status, message and details for all (P2, L9)', async () => {
  const { gate, owner, waiters } = await holdWithWaiters('for good', handlerFailure(code.FAILED_PRECONDITION));
  gate.open();
  const first = await owner;
  const results = await waiters();
  expect(first).toMatchObject({ code: code.FAILED_PRECONDITION, message: 'it went wrong' });
  expect(results.map(failureBytes)).toEqual(results.map(() => failureBytes(first)));
  expect(results.map((result) => toldBy(result).status)).toEqual(results.map(() => 'replayed'));
});

test('200 equal calls at once over two processes: the handler runs once, and all get its answer (P1, P2, L1)', async () => {
  const runsBefore = echo.runs() + other.runs();
  const calls = [echo, other].flatMap((to) =>
    Array.from({ length: 100 }, () => say(to, { text: 'rush' }, { key: 'rush' })),
  );
  const results = await Promise.all(calls);
  expect(differentAnswers(results)).toHaveLength(1);
  expect(results[0]?.code).toBe(code.OK);
  expect(results.filter((result) => toldBy(result).status === 'executed')).toHaveLength(1);
  expect(echo.runs() + other.runs()).toBe(runsBefore + 1);
});
