import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { RunAnnouncer } from '../../../../src/idempotency/running/run-announcer.ts';
import type { RunningCall } from '../../../../src/idempotency/running/running-call.ts';
import { recordOf } from '../record-of.ts';

let running: readonly RunningCall[];
let said: readonly string[][];
let board: { announce: (calls: readonly RunningCall[]) => Promise<void>; read: () => Promise<undefined> };

beforeEach(() => {
  jest.useFakeTimers();
  running = [];
  said = [];
  board = {
    announce: async (calls) => {
      said = [...said, calls.map(({ key }) => key)];
    },
    read: async () => undefined,
  };
});

afterEach(() => void jest.useRealTimers());

function call(key: string, ageMs: number): RunningCall {
  const { id, principal, method, fingerprint } = recordOf('request');
  return { id, principal, method, key, fingerprint, owner: { host: 'here', processId: 1 }, ageMs };
}

const open = () => new RunAnnouncer(() => running, board);

test('what has been running for a second is told once a second, the longest first, and its end once', async () => {
  const announcer = open();
  running = [call('young', 999), call('old', 1_000), call('older', 2_000)];
  await jest.advanceTimersByTimeAsync(2_999);
  expect(said).toEqual([
    ['older', 'old'],
    ['older', 'old'],
  ]);
  running = [call('young', 999)];
  await jest.advanceTimersByTimeAsync(5_000);
  expect(said.slice(2)).toEqual([[]]);
  await announcer.close();
});

test('nothing is said where nothing runs, not even at the end', async () => {
  const announcer = open();
  await jest.advanceTimersByTimeAsync(10_000);
  await announcer.close();
  expect(said).toEqual([]);
});

test('at most a thousand are told of', async () => {
  const announcer = open();
  running = Array.from({ length: 1_500 }, (_, index) => call(String(index), 1_000 + index));
  await jest.advanceTimersByTimeAsync(1_000);
  expect(said[0]?.length).toBe(1_000);
  expect(said[0]?.[0]).toBe('1499');
  await announcer.close();
});

test('a board that takes its time is told one thing after the other; the end takes back what was said, and is the end', async () => {
  const slow = Promise.withResolvers<void>();
  const { announce } = board;
  board.announce = async (calls) => {
    await announce(calls);
    await slow.promise;
  };
  const announcer = open();
  running = [call('old', 1_000)];
  await jest.advanceTimersByTimeAsync(5_000);
  expect(said).toEqual([['old']]);
  const closed = announcer.close();
  slow.resolve();
  await closed;
  await jest.advanceTimersByTimeAsync(5_000);
  expect(said).toEqual([['old'], []]);
});
