import { expect, test } from '@jest/globals';
import { OrderChangedError, whenUnchanged } from '../../../src/orders/when-unchanged.ts';

/** Finds the order changed so many times, and then does its work. */
function losing(times: number) {
  let tries = 0;
  const work = async () => {
    tries += 1;
    if (tries <= times) throw new OrderChangedError('an order');
    return 'done';
  };
  return { work, tries: () => tries };
}

test.each([0, 1, 4])('P10 work that found the order changed %d times is done', async (times) => {
  const { work, tries } = losing(times);
  expect(await whenUnchanged(work)).toBe('done');
  expect(tries()).toBe(times + 1);
});

test.each([5, 1_000])('P10 work that would find the order changed %d times is given up after five', async (times) => {
  const { work, tries } = losing(times);
  await expect(whenUnchanged(work)).rejects.toMatchObject({ reason: 'ORDER_BUSY', retryAfterMs: 1_000 });
  expect(tries()).toBe(5);
});

test('any other failure is not tried again', async () => {
  let tries = 0;
  const work = async () => {
    tries += 1;
    throw new Error('another');
  };
  await expect(whenUnchanged(work)).rejects.toThrow('another');
  expect(tries).toBe(1);
});
