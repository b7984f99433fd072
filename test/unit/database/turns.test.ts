import { expect, test } from '@jest/globals';
import { Turns } from '../../../src/database/turns.ts';

const tooLate = new Error('too late');
const turnsOf = (limitMs: number) => new Turns({ limitMs, tooLate: () => tooLate });

/** Work that ends when it is told to. */
function work(name: string, begun: string[]) {
  const { promise, resolve } = Promise.withResolvers<string>();
  const run = () => {
    begun.push(name);
    return promise;
  };
  return { run, end: () => resolve(name) };
}

test('work on one thing comes one after the other, in the order in which it was asked for; other things do not wait', async () => {
  const turns = turnsOf(10_000);
  const begun: string[] = [];
  const [one, two, other] = [work('one', begun), work('two', begun), work('other', begun)];
  const first = turns.take('thing', one.run);
  const second = turns.take('thing', two.run);
  const beside = turns.take('another', other.run);
  other.end();
  expect(await beside).toBe('other');
  expect(begun).toEqual(['one', 'other']);
  one.end();
  two.end();
  expect([await first, await second, begun]).toEqual(['one', 'two', ['one', 'other', 'two']]);
});

test('whoever waits for too long is told so, its work is not begun, and those behind it still wait for those before it', async () => {
  const turns = turnsOf(20);
  const begun: string[] = [];
  const [long, late, next] = [work('long', begun), work('late', begun), work('next', begun)];
  const running = turns.take('thing', long.run);
  await expect(turns.take('thing', late.run)).rejects.toBe(tooLate);
  const waiting = turns.take('thing', next.run);
  long.end();
  next.end();
  expect([await running, await waiting, begun]).toEqual(['long', 'next', ['long', 'next']]);
});

test('work that fails lets the next one begin', async () => {
  const turns = turnsOf(10_000);
  const failing = turns.take('thing', async () => {
    throw new Error('failed');
  });
  const next = turns.take('thing', async () => 'next');
  await expect(failing).rejects.toThrow('failed');
  expect(await next).toBe('next');
});
