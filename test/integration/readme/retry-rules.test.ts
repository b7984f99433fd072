import { randomUUID } from 'node:crypto';
import { runInNewContext } from 'node:vm';
import { Metadata, status } from '@grpc/grpc-js';
import { expect, test } from '@jest/globals';
import { isFinalFailure } from '../../../src/idempotency/classify-status.ts';
import { statusTable } from '../../../src/transport/status-table.ts';
import { readReadme } from './readme-calls.ts';

const readme = readReadme();

/** The codes of the rule "On …, a broken connection or a timeout, repeat the call". */
function repeatableCodes(): ReadonlySet<string> {
  const [, rule = ''] = /^2\. On (.*?) a broken connection or a timeout,\s+repeat/ms.exec(readme) ?? [];
  return new Set(Array.from(rule.matchAll(/`([A-Z_]+)`/g), ([, code = '']) => code));
}

const codesOfTheService = [...new Set(Object.values(statusTable).map(({ code }) => code))];

test.each(codesOfTheService.map((code) => [status[code], code] as const))(
  'P8: the README says "repeat" on %s if and only if that leaves the key unspent, and the request may be right',
  (name, code) => {
    const isWorthRepeating = code !== status.INVALID_ARGUMENT && !isFinalFailure(code);
    expect(repeatableCodes().has(name)).toBe(isWorthRepeating);
  },
);

test('P8: no code on which the README says "repeat" is one whose outcome is kept', () => {
  const codes = [...repeatableCodes()];
  expect(codes).toContain('UNAVAILABLE');
  expect(codes.filter((name) => !Object.hasOwn(status, name))).toEqual([]);
  const kept = Object.entries(status).filter(([, code]) => typeof code === 'number' && isFinalFailure(code));
  expect(kept.map(([name]) => name).filter((name) => codes.includes(name))).toEqual([]);
});

test("the README's loop sends one key until it has an answer, and waits as long as the server asks", async () => {
  const outcomes = [{ code: status.UNAVAILABLE, delayMs: 700 }, { code: status.DEADLINE_EXCEEDED }, 'the answer'];
  const { answer, keys, pausesMs } = await runLoop(outcomes);
  expect(await answer).toBe('the answer');
  expect(keys).toHaveLength(3);
  expect(new Set(keys).size).toBe(1);
  expect(pausesMs).toEqual([700, 1_000]);
});

test.each(['INVALID_ARGUMENT', 'RESOURCE_EXHAUSTED'] as const)(
  "the README's loop gives up where a retry cannot help: %s",
  async (code) => {
    const { answer, keys } = await runLoop([{ code: status[code] }, 'never asked for']);
    await expect(answer).rejects.toEqual({ code: status[code] });
    expect(keys).toHaveLength(1);
  },
);

test("the README's loop goes on where a limit says when to come again", async () => {
  const { answer, keys } = await runLoop([{ code: status.RESOURCE_EXHAUSTED, delayMs: 1_000 }, 'the answer']);
  expect(await answer).toBe('the answer');
  expect(keys).toHaveLength(2);
});

test("the README's loop ends some time", async () => {
  const lasts = Array.from({ length: 5_000 }, () => ({ code: status.UNAVAILABLE, delayMs: 1_000 }));
  const { answer, pausesMs } = await runLoop(lasts);
  await expect(answer).rejects.toEqual(lasts[0]);
  expect(pausesMs).toHaveLength(3_601);
});

interface Failure {
  readonly code: status;
  readonly delayMs?: number;
}

/** Runs the loop as it stands in the README, against calls that end as given. */
async function runLoop(outcomes: readonly (Failure | string)[]) {
  const [, loop] = /^```ts\n(.*?)^```$/ms.exec(readme) ?? [];
  const keys: unknown[] = [];
  const pausesMs: number[] = [];
  const repeatable = repeatableCodes();
  let nowMs = 0;
  const createOrder = async (_order: unknown, metadata: Metadata) => {
    const outcome = outcomes[keys.length];
    keys.push(...metadata.get('idempotency-key'));
    if (typeof outcome === 'object') throw outcome;
    return outcome;
  };
  const surroundings = {
    randomUUID,
    Metadata,
    createOrder,
    order: {},
    isServiceError: (error: unknown) => typeof error === 'object' && error !== null && 'code' in error,
    mayBeRepeated: ({ code, delayMs }: Failure) =>
      repeatable.has(status[code]) && (code !== status.RESOURCE_EXHAUSTED || delayMs !== undefined),
    retryDelayOf: ({ delayMs }: Failure) => delayMs,
    // Nobody waits here: the clock is set on.
    Date: { now: () => nowMs },
    sleep: async (ms: number) => {
      pausesMs.push(ms);
      nowMs += ms;
    },
  };
  const answer: Promise<unknown> = runInNewContext(`(async () => {${loop}})()`, surroundings);
  await Promise.allSettled([answer]);
  return { answer, keys, pausesMs };
}
