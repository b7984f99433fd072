import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect, jest, test } from '@jest/globals';
import { pino } from 'pino';
import type { WorkerIdentity, WorkerRegistry } from '../../../src/fulfilment/ports.ts';
import { Pulse, type PulseOptions } from '../../../src/fulfilment/pulse.ts';

/** Longer than any test. */
const LONG_MS = 600_000;

const identity: WorkerIdentity = { workerId: 'worker', host: 'machine', processId: process.pid };
const pulses: Pulse[] = [];

afterEach(async () => {
  await Promise.all(pulses.splice(0).map((pulse) => pulse.end()));
});

interface StageOptions extends Partial<Pick<PulseOptions, 'heartbeatMs' | 'deadAfterMs'>> {
  /** What the registry does with the nth heartbeat. */
  readonly heartbeat?: (beat: number) => Promise<void>;
  readonly leave?: WorkerRegistry['leave'];
}

function begun({ heartbeatMs = 5, deadAfterMs = LONG_MS, heartbeat, leave }: StageOptions = {}) {
  const beats: WorkerIdentity[] = [];
  const left: WorkerIdentity[] = [];
  const onBeat = new Set<() => void>();
  const log: string[] = [];
  const registry: PulseOptions['registry'] = {
    heartbeat: async (worker) => {
      beats.push(worker);
      for (const listener of onBeat) listener();
      await heartbeat?.(beats.length);
    },
    leave: async (worker) => {
      left.push(worker);
      await leave?.(worker);
    },
    releaseDead: async () => [],
    setAsideExhausted: async () => [],
    bringCleanUpBack: async () => false,
  };
  const logger = pino({ level: 'info' }, { write: (line: string) => void log.push(line) });
  const pulse = new Pulse({ registry, host: 'machine', heartbeatMs, deadAfterMs, logger });
  pulses.push(pulse);
  pulse.begin('worker');
  /** Resolves in the middle of the nth heartbeat. */
  const beaten = (times: number) =>
    new Promise<void>((resolve) => {
      const listener = () => {
        if (beats.length < times) return;
        onBeat.delete(listener);
        resolve();
      };
      onBeat.add(listener);
      listener();
    });
  return { pulse, beats, beaten, left, log };
}

function lossOf({ lost }: Pulse): Promise<void> {
  return new Promise((resolve) => {
    if (lost.aborted) resolve();
    lost.addEventListener('abort', () => resolve(), { once: true });
  });
}

/** Nothing runs meanwhile, as when the machine is suspended: the clock has jumped, and no timer has fired. */
function standStill(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

const failing = () => Promise.reject(new Error('the database is gone'));

test('a worker says who it is, at once and then again and again', async () => {
  const { pulse, beats, beaten } = begun();
  await beaten(5);
  expect(beats).toEqual(Array(5).fill(identity));
  expect([pulse.isFresh, pulse.lost.aborted]).toEqual([true, false]);
});

test('with a pause that is longer than a worker may be silent it says so often enough all the same', async () => {
  const { pulse, beaten } = begun({ heartbeatMs: LONG_MS, deadAfterMs: 1_500 });
  await beaten(3);
  expect(pulse.lost.aborted).toBe(false);
});

test('a registry that fails is told again, and a worker that is heard of between its failures lives on', async () => {
  const { pulse, beaten, log } = begun({ heartbeat: (beat) => (beat % 2 === 0 ? Promise.resolve() : failing()) });
  await beaten(9);
  expect([pulse.isFresh, pulse.lost.aborted, log]).toEqual([true, false, []]);
});

test('a registry that is slow is told again, one heartbeat after the other', async () => {
  let running = 0;
  let most = 0;
  const { pulse, beaten } = begun({
    heartbeat: async () => {
      running += 1;
      most = Math.max(most, running);
      await sleep(25);
      running -= 1;
    },
  });
  await beaten(4);
  expect([pulse.isFresh, most]).toEqual([true, 1]);
});

test('A7 a worker that is not heard of for too long takes itself for dead, once, and says nothing more', async () => {
  const { pulse, beats, log } = begun({ deadAfterMs: 100, heartbeat: failing });
  await lossOf(pulse);
  expect(pulse.isFresh).toBe(false);
  expect(pulse.lost.reason).toEqual(new Error('this worker was not heard of for 100 ms'));
  const [reason, count] = [pulse.lost.reason, beats.length];
  // Some heartbeats later.
  await sleep(50);
  expect(pulse.lost.reason).toBe(reason);
  expect(beats).toHaveLength(count);
  expect(log).toHaveLength(1);
});

test('A7 after the process stood still its jobs are no longer its own, also before any timer has fired', async () => {
  const { pulse, beats, beaten } = begun({ heartbeatMs: LONG_MS, deadAfterMs: 1_000 });
  await beaten(1);
  await sleep(0);
  expect(pulse.isFresh).toBe(true);
  const count = beats.length;
  standStill(1_050);
  expect([pulse.isFresh, pulse.lost.aborted]).toEqual([false, false]);
  await lossOf(pulse);
  expect(beats).toHaveLength(count);
});

test('A7 a heartbeat that comes through too late does not bring a worker back', async () => {
  const held = Promise.withResolvers<void>();
  const { pulse, beaten } = begun({
    heartbeatMs: LONG_MS,
    deadAfterMs: 900,
    heartbeat: (beat) => (beat === 2 ? held.promise : Promise.resolve()),
  });
  await beaten(2);
  // It has begun in time, and ends when others may have taken the jobs.
  while (pulse.isFresh) await sleep(1);
  held.resolve();
  await sleep(0);
  expect(pulse.isFresh).toBe(false);
  await lossOf(pulse);
});

test('a worker that is told to takes itself for dead at once, for the first reason', async () => {
  const { pulse, beaten, log } = begun();
  await beaten(1);
  const reason = new Error('the end of a job was lost');
  pulse.lose(reason);
  pulse.lose(new Error('another one'));
  expect([pulse.isFresh, pulse.lost.aborted, pulse.lost.reason]).toEqual([false, true, reason]);
  expect(log).toHaveLength(1);
});

test('at its end a worker takes leave, when its last heartbeat has gone', async () => {
  const held = Promise.withResolvers<void>();
  const { pulse, left, beaten } = begun({ heartbeat: () => held.promise });
  await beaten(1);
  const ended = pulse.end();
  await sleep(0);
  expect(left).toEqual([]);
  held.resolve();
  await ended;
  expect(left).toEqual([identity]);
});

test('a registry that cannot be told of the end is not waited for', async () => {
  const { pulse, left, beaten } = begun({ heartbeat: failing, leave: failing });
  await beaten(1);
  await expect(pulse.end()).resolves.toBeUndefined();
  expect(left).toHaveLength(1);
});

test('a worker that has never begun takes no leave', async () => {
  const left: unknown[] = [];
  const registry = {
    heartbeat: failing,
    leave: async (worker: WorkerIdentity) => void left.push(worker),
    releaseDead: async () => [],
    setAsideExhausted: async () => [],
    bringCleanUpBack: async () => false,
  };
  const logger = pino({ level: 'silent' });
  await new Pulse({ registry, host: 'machine', heartbeatMs: 5, deadAfterMs: LONG_MS, logger }).end();
  expect(left).toEqual([]);
});

test.each([
  ['between two heartbeats', true],
  ['in the middle of one', false],
])('no timer is left behind by a worker that ends %s', async (_when, hasBeaten) => {
  jest.useFakeTimers({ doNotFake: ['setImmediate', 'nextTick'] });
  try {
    const held = Promise.withResolvers<void>();
    if (hasBeaten) held.resolve();
    const { pulse, beats } = begun({ heartbeatMs: 60, heartbeat: () => held.promise });
    await jest.advanceTimersByTimeAsync(0);
    expect(jest.getTimerCount()).toBe(hasBeaten ? 1 : 0);
    const ended = pulse.end();
    held.resolve();
    await ended;
    expect([beats.length, jest.getTimerCount()]).toEqual([1, 0]);
  } finally {
    jest.useRealTimers();
  }
});
