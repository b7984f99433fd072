import { z } from 'zod';
import type { Rule } from '../setting.ts';

/** The first part of every key in Redis. No braces: they would move the hash tag that keeps a record in one slot. */
export function keyPrefix(): Rule<string> {
  const expected = '1 to 32 of a-z, 0-9 and _ . : -';
  return {
    schema: z.string().regex(/^[a-z0-9_.:-]{1,32}$/, `is not ${expected}`),
    expected,
    unit: '',
    secrecy: 'open',
  };
}

/** The path of a file; whether it is there is for its reader to say. */
export function filePath(): Rule<string> {
  const expected = 'a path of at most 4096 characters';
  return {
    schema: z.string().max(4_096, `is not ${expected}`),
    expected,
    unit: '',
    secrecy: 'open',
  };
}

/** Text that only the processes of this service may know, long enough not to be guessed. */
export function secretText({
  minCharacters,
  maxCharacters,
}: {
  minCharacters: number;
  maxCharacters: number;
}): Rule<string> {
  return {
    schema: z
      .string()
      .min(minCharacters, `is shorter than ${minCharacters} characters`)
      .max(maxCharacters, `is longer than ${maxCharacters} characters`),
    expected: `${minCharacters} to ${maxCharacters} characters`,
    unit: '',
    secrecy: 'whole',
    remedyFor: () => 'make one with `openssl rand -base64 48`',
  };
}
