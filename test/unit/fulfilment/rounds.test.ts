import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import { pino } from 'pino';
import { Rounds } from '../../../src/fulfilment/rounds.ts';

/** Longer than any test. */
const LONG_MS = 600_000;

function roundsOf(work: (round: number) => Promise<void>, intervalMs = 1) {
  const log: { readonly level: number; readonly err: { readonly message: string } }[] = [];
  const logger = pino({ level: 'warn' }, { write: (line: string) => void log.push(JSON.parse(line)) });
  let count = 0;
  const rounds = new Rounds({ work: () => work(++count), intervalMs, logger, failure: 'a round failed' });
  return { rounds, log, count: () => count };
}

test('rounds are made one after the other, also when each takes longer than the time between them', async () => {
  const enough = Promise.withResolvers<void>();
  let running = 0;
  let most = 0;
  const { rounds } = roundsOf(async (round) => {
    running += 1;
    most = Math.max(most, running);
    await sleep(5);
    running -= 1;
    if (round === 4) enough.resolve();
  });
  rounds.start();
  rounds.start();
  await enough.promise;
  await rounds.stop();
  expect(most).toBe(1);
});

test('a round that fails is told, and the next is made all the same', async () => {
  const enough = Promise.withResolvers<void>();
  const { rounds, log } = roundsOf(async (round) => {
    if (round === 4) enough.resolve();
    else if (round % 2 === 1) throw new Error(`round ${round}`);
  });
  rounds.start();
  await enough.promise;
  await rounds.stop();
  expect(log.map(({ err }) => err.message)).toEqual(['round 1', 'round 3']);
});

test('between two rounds there is a pause', async () => {
  const second = Promise.withResolvers<void>();
  const began: number[] = [];
  const { rounds } = roundsOf(async (round) => {
    began.push(performance.now());
    if (round === 2) second.resolve();
  }, 50);
  rounds.start();
  await second.promise;
  await rounds.stop();
  const [first = 0, next = 0] = began;
  // A timer may be a millisecond early.
  expect(next - first).toBeGreaterThanOrEqual(49);
});

test('a stop ends the pause at once, and no further round is made', async () => {
  const first = Promise.withResolvers<void>();
  const { rounds, count, log } = roundsOf(async () => first.resolve(), LONG_MS);
  rounds.start();
  await first.promise;
  await rounds.stop();
  expect([count(), log]).toEqual([1, []]);
});

test('a stop waits for the round that is being made', async () => {
  const [begun, held] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  let hasEnded = false;
  const { rounds, count } = roundsOf(async () => {
    begun.resolve();
    await held.promise;
    hasEnded = true;
  });
  rounds.start();
  await begun.promise;
  const stopped = rounds.stop().then(() => hasEnded);
  held.resolve();
  expect(await stopped).toBe(true);
  expect(count()).toBe(1);
});

test('what was never started stops, and makes no round later', async () => {
  const { rounds, count } = roundsOf(async () => {});
  await rounds.stop();
  rounds.start();
  await rounds.stop();
  expect(count()).toBe(0);
});
