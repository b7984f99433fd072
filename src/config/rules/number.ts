import { z } from 'zod';
import type { Rule } from '../setting.ts';
import { milliseconds, wholeBytes } from './unit-suffix.ts';

interface Bounds {
  readonly min: number;
  readonly max: number;
}

// Number() would also take '1e3', '0x10', '' and '٣'; parseInt would take '10abc'.
const digits = /^(?:0|-?[1-9][0-9]*)$/;

function wholeNumber({ min, max }: Bounds): z.ZodType<number, string> {
  return z
    .string()
    .regex(digits, { error: 'is not a whole number in plain digits', abort: true })
    .transform(Number)
    .pipe(
      z
        .number({ error: `is above ${max}` })
        .min(min, `is below ${min}`)
        .max(max, `is above ${max}`),
    );
}

/** A number of things, e.g. `connections`. */
export function count(unit: string, bounds: Bounds): Rule<number> {
  const expected = `a whole number from ${bounds.min} to ${bounds.max}`;
  return { schema: wholeNumber(bounds), expected, unit, secrecy: 'open' };
}

/** A share of something. */
export function share(): Rule<number> {
  const expected = 'a number from 0 to 1, for instance 0.25';
  return {
    schema: z
      .string()
      .regex(/^(?:0|1|0\.[0-9]{1,9}|1\.0{1,9})$/, { error: 'is not a number from 0 to 1' })
      .transform(Number),
    expected,
    unit: '',
    secrecy: 'open',
  };
}

/** A duration in whole milliseconds. */
export function durationMs(bounds: Bounds): Rule<number> {
  return {
    schema: wholeNumber(bounds),
    expected: `whole milliseconds from ${bounds.min} to ${bounds.max}`,
    unit: 'ms',
    secrecy: 'open',
    remedyFor: (refused) => inPlainDigits(refused, milliseconds(refused)),
  };
}

/** A size in whole bytes. */
export function sizeBytes(bounds: Bounds): Rule<number> {
  return {
    schema: wholeNumber(bounds),
    expected: `whole bytes from ${bounds.min} to ${bounds.max}`,
    unit: 'bytes',
    secrecy: 'open',
    remedyFor: (refused) => inPlainDigits(refused, wholeBytes(refused)),
  };
}

function inPlainDigits(refused: string, meant: number | undefined): string | undefined {
  return meant === undefined ? undefined : `write ${meant} if you mean ${refused}`;
}
