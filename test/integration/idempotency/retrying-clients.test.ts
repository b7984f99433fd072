import { status as code } from '@grpc/grpc-js';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { SayResponse } from '../../generated/echo/v1/echo_service.ts';
import type { EchoService } from '../../support/echo-service.ts';
import { createClient } from '../../support/unary-call.ts';
import { say, shout, toldBy } from './stage/calls.ts';
import { handlerFailure } from './stage/failures.ts';
import { openStage, type Stage } from './stage/stage.ts';
import { until } from './stage/until.ts';

// Clients of grpc-js that retry by themselves, as their service config tells them.

let stage: Stage;
let echo: EchoService;

beforeAll(async () => {
  stage = await openStage();
  echo = await stage.startService();
});

afterAll(() => stage.close());

const retryPolicy = {
  maxAttempts: 5,
  initialBackoff: '0.02s',
  maxBackoff: '0.02s',
  backoffMultiplier: 1,
  retryableStatusCodes: ['UNAVAILABLE'],
};
const hedgingPolicy = { maxAttempts: 3, hedgingDelay: '0.05s', nonFatalStatusCodes: ['UNAVAILABLE'] };

async function withClient<T>(
  policy: Record<string, unknown>,
  use: (client: Pick<EchoService, 'client'>) => Promise<T>,
) {
  const serviceConfig = { methodConfig: [{ name: [{ service: 'echo.v1.EchoService' }], ...policy }] };
  const client = createClient(echo.port, {
    'grpc.enable_retries': 1,
    'grpc.service_config': JSON.stringify(serviceConfig),
  });
  try {
    return await use({ client });
  } finally {
    client.close();
  }
}

test('a failure that may pass is retried by the client itself: no header has committed the call (G3)', async () => {
  let failures = 0;
  stage.whenSaying('flaky', () => {
    if (failures < 3) {
      failures += 1;
      throw handlerFailure(code.UNAVAILABLE);
    }
  });
  const result = await withClient({ retryPolicy }, (client) => say(client, { text: 'flaky' }, { key: 'flaky' }));
  expect(result.code).toBe(code.OK);
  expect(failures).toBe(3);
  expect(toldBy(result)).toEqual({ key: 'flaky', source: 'client', status: 'executed' });
});

test('told to come back, the client waits as long as it was told, and gets the answer (P4, G3)', async () => {
  const gate = stage.createGate();
  stage.whenShouting('slowly', gate.pass);
  const owner = shout(echo, 'slowly', { key: 'slowly' });
  await gate.reached;
  await withClient({ retryPolicy }, async (client) => {
    // Waits for 200 ms, and is refused; comes back a second later.
    const retrying = shout(client, 'slowly', { key: 'slowly' });
    await until('the call', () => echo.callsInFlight() === 2);
    await until('the refusal', () => echo.callsInFlight() === 1);
    gate.open();
    expect((await retrying).response).toEqual((await owner).response);
    expect(toldBy(await retrying).status).toBe('replayed');
  });
});

test('a client that hedges sends one key three times, and the handler runs once (P1, G8)', async () => {
  const gate = stage.holdSaying('hedged');
  const runsBefore = echo.runs();
  const result = await withClient({ hedgingPolicy }, async (client) => {
    const call = say(client, { text: 'hedged' }, { key: 'hedged' });
    await until('all three', () => echo.callsInFlight() === 3);
    gate.open();
    return await call;
  });
  expect(result.code).toBe(code.OK);
  expect(echo.runs()).toBe(runsBefore + 1);
  await until('the end of the losers', () => echo.callsInFlight() === 0);
  expect(echo.idempotency.runsNow).toBe(0);
});

describe('what is sent before the outcome is known', () => {
  test.each([
    ['success', code.OK],
    ['a final failure', code.NOT_FOUND],
    ['a failure that may pass', code.ABORTED],
  ])('%s: no header goes out early, whatever the handler does (G3)', async (text, outcome) => {
    const gate = stage.createGate();
    stage.insteadOfSaying(text, (call, callback) => {
      call.sendMetadata(call.metadata);
      void gate.pass().then(() => {
        if (outcome === code.OK) {
          callback(null, SayResponse.fromPartial({ text }));
        } else {
          callback(handlerFailure(outcome));
        }
      });
    });
    const call = say(echo, { text }, { key: text.replaceAll(' ', '-') });
    await gate.reached;
    gate.open();
    const result = await call;
    expect(result).toMatchObject({ code: outcome, hadHeaders: outcome === code.OK });
    expect(toldBy(result).status).toBe('executed');
  });
});

test('a handler finds its attempt by the metadata that it sees; with other metadata it is told why not', async () => {
  const found: string[] = [];
  stage.whenSaying('attempt', (attempt) => void found.push(attempt.record.key.value));
  await say(echo, { text: 'attempt' }, { key: 'attempt' });
  expect(found).toEqual(['attempt']);
  expect(() => echo.idempotency.attemptOf({ metadata: handlerFailure(code.OK).metadata })).toThrow(/no attempt/);
});
