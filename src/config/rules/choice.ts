import { z } from 'zod';
import type { Rule } from '../setting.ts';

/** One of a few words, written exactly so. */
export function choice<const Word extends string>(words: readonly [Word, ...Word[]]): Rule<Word> {
  const expected = `one of ${words.join(', ')}`;
  return {
    schema: z.enum(words, { error: `is not ${expected}` }),
    expected,
    unit: '',
    secrecy: 'open',
    remedyFor: (refused) => {
      const meant = words.find((word) => word === refused.toLowerCase());
      return meant === undefined ? undefined : `write ${meant} in lower case`;
    },
  };
}

// 'yes', '1' and 'on' mean true to some readers of an environment and false to others, so none of them is taken.
const meantBy: ReadonlyMap<string, boolean> = new Map([
  ['true', true],
  ['1', true],
  ['yes', true],
  ['on', true],
  ['false', false],
  ['0', false],
  ['no', false],
  ['off', false],
]);

/** `true` or `false`. */
export function trueOrFalse(): Rule<boolean> {
  return {
    schema: z.enum(['true', 'false'], { error: 'is neither true nor false' }).transform((word) => word === 'true'),
    expected: 'true or false',
    unit: '',
    secrecy: 'open',
    remedyFor: (refused) => {
      const meant = meantBy.get(refused.toLowerCase());
      return meant === undefined ? undefined : `write ${meant}`;
    },
  };
}
