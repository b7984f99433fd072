import { getEventListeners } from 'node:events';
import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { waitPatiently } from '../../../src/idempotency/patience.ts';

const forMs = (ms: number, signal: AbortSignal) => ({ endsAtMs: performance.now() + ms, signal, waitedMs: 0 });
const never = new Promise<string>(() => {});

/** Waits of 20 ms are over; nobody else's timers are counted. */
beforeEach(() => void jest.useFakeTimers());
afterEach(() => void jest.useRealTimers());

async function ended<T>(wait: Promise<T>): Promise<T> {
  await jest.advanceTimersByTimeAsync(20);
  return await wait;
}

test.each([
  [
    'the value comes',
    async () => {
      const { signal } = new AbortController();
      return { signal, waited: await waitPatiently(Promise.resolve('value'), forMs(60_000, signal)) };
    },
    { kind: 'value', value: 'value' },
  ],
  [
    'the time is up',
    async () => {
      const { signal } = new AbortController();
      return { signal, waited: await waitPatiently(never, forMs(20, signal)) };
    },
    { kind: 'timeUp' },
  ],
  [
    'the limit is reached',
    async () => {
      const { signal } = new AbortController();
      return { signal, waited: await waitPatiently(never, forMs(60_000, signal), 20) };
    },
    { kind: 'timeUp' },
  ],
  [
    'no time is left',
    async () => {
      const { signal } = new AbortController();
      return { signal, waited: await waitPatiently(Promise.resolve('value'), forMs(-1, signal)) };
    },
    { kind: 'timeUp' },
  ],
  [
    'the caller goes',
    async () => {
      const caller = new AbortController();
      const waiting = waitPatiently(never, forMs(60_000, caller.signal));
      caller.abort();
      return { signal: caller.signal, waited: await waiting };
    },
    { kind: 'callerGone' },
  ],
  [
    'the caller has gone',
    async () => {
      const signal = AbortSignal.abort();
      return { signal, waited: await waitPatiently(Promise.resolve('value'), forMs(60_000, signal)) };
    },
    { kind: 'callerGone' },
  ],
])('%s: that is said, and neither timer nor listener is left behind (G10)', async (_what, wait, expected) => {
  const { signal, waited } = await ended(wait());
  expect(waited).toEqual(expected);
  expect(getEventListeners(signal, 'abort')).toEqual([]);
  expect(jest.getTimerCount()).toBe(0);
});

test('a rejection is passed on, and nothing is left behind', async () => {
  const { signal } = new AbortController();
  await expect(waitPatiently(Promise.reject(new Error('why')), forMs(60_000, signal))).rejects.toThrow('why');
  expect(getEventListeners(signal, 'abort')).toEqual([]);
});

test('a thousand that wait and leave put no more than a promise on what they waited for', async () => {
  const { signal } = new AbortController();
  await ended(Promise.all(Array.from({ length: 1_000 }, () => waitPatiently(never, forMs(5, signal)))));
  expect(getEventListeners(signal, 'abort')).toEqual([]);
  expect(jest.getTimerCount()).toBe(0);
});
