import { status as code } from '@grpc/grpc-js';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { EchoService } from '../../support/echo-service.ts';
import { say } from './stage/calls.ts';
import { handlerFailure } from './stage/failures.ts';
import { openStage, type Stage } from './stage/stage.ts';

// Another request under a key that is spent, or being spent, is exhibit K4 of the museum.

let stage: Stage;
let echo: EchoService;

beforeAll(async () => {
  stage = await openStage();
  echo = await stage.startService();
});

afterAll(() => stage.close());

test.each([code.INVALID_ARGUMENT, code.UNAVAILABLE])(
  'a request that failed with %i has spent nothing: another one under its key is welcome (P8)',
  async (failure) => {
    const key = `m-2-${failure}`;
    stage.whenSaying(key, () => {
      throw handlerFailure(failure);
    });
    expect((await say(echo, { text: key }, { key })).code).toBe(failure);
    expect((await say(echo, { text: 'corrected' }, { key })).code).toBe(code.OK);
  },
);
