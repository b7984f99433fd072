import { expect, jest, test } from '@jest/globals';
import { Signal } from '../../../src/events/signal.ts';

/** Whether a wait has come to its end, once everything that can go on by itself has. */
async function hasEnded(wait: Promise<unknown>): Promise<boolean> {
  const later = new Promise<boolean>((resolve) => setImmediate(() => resolve(false)));
  return await Promise.race([wait.then(() => true), later]);
}

test('it lets through whoever waits, when it is raised', async () => {
  const signal = new Signal();
  const wait = signal.wait();
  expect(await hasEnded(wait)).toBe(false);
  signal.raise();
  expect(await hasEnded(wait)).toBe(true);
});

test('raised while nobody waits, it lets the next one through, and only that one', async () => {
  const signal = new Signal();
  signal.raise();
  signal.raise();
  expect(await hasEnded(signal.wait())).toBe(true);
  const second = signal.wait();
  expect(await hasEnded(second)).toBe(false);
  signal.raise();
  await second;
});

test('raised twice while one waits, it lets only that one through', async () => {
  const signal = new Signal();
  const first = signal.wait();
  signal.raise();
  signal.raise();
  await first;
  const second = signal.wait();
  expect(await hasEnded(second)).toBe(false);
  signal.raise();
  await second;
});

test('it lets one through after the limit, and a wait that was let through earlier leaves no timer', async () => {
  jest.useFakeTimers({ doNotFake: ['setImmediate'] });
  try {
    const signal = new Signal();
    const first = signal.wait(100);
    jest.advanceTimersByTime(99);
    expect(await hasEnded(first)).toBe(false);
    jest.advanceTimersByTime(1);
    await first;
    const second = signal.wait(100);
    signal.raise();
    await second;
    expect(jest.getTimerCount()).toBe(0);
  } finally {
    jest.useRealTimers();
  }
});

test('after a wait that came to its limit it is down', async () => {
  const signal = new Signal();
  await signal.wait(1);
  const wait = signal.wait();
  expect(await hasEnded(wait)).toBe(false);
  signal.raise();
  await wait;
});

test('it tells whether it was raised, or the time was over', async () => {
  const signal = new Signal();
  expect(await signal.wait(1)).toBe(false);
  signal.raise();
  expect(await signal.wait(1)).toBe(true);
});
