import { z } from 'zod';

/** What a value may be and how its text becomes a value. Made by the functions in `rules/`. */
export interface Rule<Value> {
  readonly schema: z.ZodType<Value, string>;
  /** Completes the sentence "expected …". */
  readonly expected: string;
  /** `ms`, `bytes`, or what is counted; empty where a value has no unit. */
  readonly unit: string;
  /** Which part of a value must never be printed. */
  readonly secrecy: Secrecy;
  /** What to do about a value that was refused, where the rule can say more than "write what is expected". */
  readonly remedyFor?: (refused: string) => string | undefined;
}

export type Secrecy = 'open' | 'passwordInUrl' | 'whole';

/** One row of the table of settings. */
export interface SettingDescription extends Omit<Rule<unknown>, 'schema'> {
  readonly variable: string;
  /** As one would write it in the environment; undefined where the setting may be left unset. */
  readonly default: string | undefined;
  /** Why the default is what it is, or why there is none. */
  readonly reason: string;
  readonly meaning: string;
}

interface About {
  readonly variable: string;
  readonly reason: string;
  readonly meaning: string;
}

/** The rows, by the schema that parses them: the types of the configuration then follow from the table without a cast. */
const descriptions = z.registry<SettingDescription>();

// A line break at the end of a mounted secret would otherwise become part of a password or of a host's name.
const unpadded = z
  .string()
  .refine((text) => text.trim() === text, { error: 'has a blank or a line break at its edge', abort: true });

function emptyIsUnset(value: unknown): unknown {
  return value === '' ? undefined : value;
}

/** A setting that always has a value. The default goes through the same rule as a value from the environment. */
export function setting<Value>(
  rule: Rule<Value>,
  about: About & { readonly default: string | number | boolean },
): z.ZodType<Value> {
  const fallback = String(about.default);
  const { schema, ...description } = rule;
  return z
    .preprocess(emptyIsUnset, unpadded.pipe(schema).prefault(fallback))
    .register(descriptions, { ...description, ...about, default: fallback });
}

/** A setting that may be left unset; its `reason` says what happens then. */
export function optionalSetting<Value>(rule: Rule<Value>, about: About): z.ZodType<Value | undefined> {
  const { schema, ...description } = rule;
  return z
    .preprocess(emptyIsUnset, unpadded.pipe(schema).optional())
    .register(descriptions, { ...description, ...about, default: undefined });
}

/** The row of a setting. Throws for a schema that was not made by `setting` or `optionalSetting`. */
export function descriptionOf(schema: z.ZodType): SettingDescription {
  const description = descriptions.get(schema);
  if (description === undefined) {
    throw new Error('A setting without a description: make it with setting() or optionalSetting().');
  }
  return description;
}
