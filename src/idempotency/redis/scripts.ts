import { readFileSync } from 'node:fs';

/** The scripts of the protocol: one file per transition, and one that only looks, each with its contract on top. */
export const scriptNames = ['begin', 'renew', 'complete', 'fail', 'release', 'look'] as const;
export type ScriptName = (typeof scriptNames)[number];

/** Every script works on one record's hash. */
export const KEYS_PER_SCRIPT = 1;

/** The text of a script. */
export function scriptText(name: ScriptName): string {
  return readFileSync(new URL(`./${name}.lua`, import.meta.url), 'utf8');
}
