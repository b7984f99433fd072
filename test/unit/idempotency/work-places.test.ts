import { expect, test } from '@jest/globals';
import { WorkPlaces } from '../../../src/idempotency/work-places.ts';

const refusal = { name: 'IdempotencyError', reason: 'TOO_MANY_RUNS', facts: { runsMax: '20' }, retryAfterMs: 1_000 };

function filled(count: number) {
  const places = new WorkPlaces(20);
  const leave = Array.from({ length: count }, () => places.take());
  return { places, leave };
}

test('there are as many places as were asked for, and not one more', () => {
  const { places, leave } = filled(20);
  expect(() => places.take()).toThrow(expect.objectContaining(refusal));
  leave[0]?.();
  const leaveAgain = places.take();
  expect(() => places.take()).toThrow(expect.objectContaining(refusal));
  leaveAgain();
});

test('a place that is given back twice is one place', () => {
  const { places, leave } = filled(20);
  leave[0]?.();
  leave[0]?.();
  places.take();
  expect(() => places.take()).toThrow(expect.objectContaining(refusal));
});

test('questions find a tenth more places where all are taken, and not one more', async () => {
  const { places } = filled(20);
  const answered = Promise.withResolvers<string>();
  const questions = [1, 2].map(() => places.whileAsking(() => answered.promise));
  await expect(places.whileAsking(async () => 'never asked')).rejects.toMatchObject(refusal);
  answered.resolve('answer');
  expect(await Promise.all(questions)).toEqual(['answer', 'answer']);
  expect(await places.whileAsking(async () => 'asked now')).toBe('asked now');
});

test('a question that fails gives its place back', async () => {
  const { places } = filled(20);
  for (let round = 0; round < 5; round += 1) {
    await expect(places.whileAsking(() => Promise.reject(new Error('gone')))).rejects.toThrow('gone');
  }
});

test('questions count as work: the reserve is no place to run in', async () => {
  const { places, leave } = filled(20);
  const answered = Promise.withResolvers<void>();
  const question = places.whileAsking(() => answered.promise);
  leave[0]?.();
  expect(() => places.take()).toThrow(expect.objectContaining(refusal));
  answered.resolve();
  await question;
  places.take();
});
