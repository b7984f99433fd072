import type { handleUnaryCall } from '@grpc/grpc-js';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type SayRequest, SayResponse } from '../../generated/echo/v1/echo_service.ts';
import { say, toldBy } from '../../integration/idempotency/stage/calls.ts';
import { forgetInRedis, sayRecord } from '../../integration/idempotency/stage/records.ts';
import { openStage, type Stage } from '../../integration/idempotency/stage/stage.ts';
import type { EchoService } from '../../support/echo-service.ts';

let stage: Stage;
let echo: EchoService;
let other: EchoService;

beforeAll(async () => {
  stage = await openStage();
  [echo, other] = [await stage.startService(), await stage.startService()];
});

afterAll(() => stage.close());

type Call = Parameters<handleUnaryCall<SayRequest, SayResponse>>[0];

/** What a handler does with its input, and with its answer after it has given that. */
const habits: Readonly<Record<string, (call: Call, response: SayResponse) => void>> = {
  'normalises a text': ({ request }) => {
    request.text = request.text.trim().toUpperCase();
  },
  'deletes fields': ({ request }) => {
    for (const name of Object.keys(request)) Reflect.deleteProperty(request, name);
  },
  'empties lists and maps': ({ request }) => {
    request.labels.clear();
    request.parts.length = 0;
    request.numbers.reverse();
  },
  'overwrites bytes where they are': ({ request }) => void request.payload.fill(0),
  'changes what is nested': ({ request }) => {
    for (const part of request.parts) part.name = 'changed';
  },
  'takes the key out of the metadata': ({ metadata }) => metadata.remove('idempotency-key'),
  'puts another key into the metadata': ({ metadata }) => metadata.set('idempotency-key', 'K3-another'),
  'changes its answer after it has given it': (_call, response) => {
    response.text = 'changed';
    response.payload.fill(1);
  },
};

// aws-powertools/powertools-lambda-typescript#5715: the key was computed again when the handler had ended, from an input that
// it had changed, so that another record was completed.
test.each(Object.entries(habits))(
  'K3 key and fingerprint are those of the request that came: a handler that %s',
  async (habit, change) => {
    const text = ` ${habit} `;
    const key = habit.replaceAll(' ', '-');
    let runs = 0;
    stage.insteadOfSaying(text, (call, callback) => {
      runs += 1;
      const response = SayResponse.fromPartial({ text: `run ${runs}`, payload: Buffer.from('answer') });
      const changesLate = habit.includes('after');
      if (!changesLate) change(call, response);
      callback(null, response);
      if (changesLate) change(call, response);
    });
    const request = () => ({
      text,
      labels: new Map([['a', 'b']]),
      parts: [{ name: 'part', trace: '' }],
      numbers: [1, 2],
      payload: Buffer.from('payload'),
    });
    const first = await say(echo, request(), { key });
    expect(toldBy(first)).toEqual({ key, source: 'client', status: 'executed' });
    expect(SayResponse.decode(first.response ?? Buffer.of())).toMatchObject({
      text: 'run 1',
      payload: Buffer.from('answer'),
    });
    await echo.idempotency.drained();

    const fromRedis = await say(other, request(), { key });
    await forgetInRedis(stage, other, sayRecord(text, key));
    const fromLedger = await say(other, request(), { key });
    expect([fromRedis, fromLedger].map(({ response }) => response)).toEqual([first.response, first.response]);
    expect([fromRedis, fromLedger].map((result) => toldBy(result).status)).toEqual(['replayed', 'replayed']);
    expect(await stage.sql('select state from idempotency_keys where key = $1', [key])).toEqual([
      { state: 'COMPLETED' },
    ]);
    expect(await stage.sql('select 1 from idempotency_keys where key = $1', ['K3-another'])).toEqual([]);
  },
);
