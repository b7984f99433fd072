import { editDistance } from './edit-distance.ts';
import type { Environment } from './environment.ts';
import type { Warning } from './fault.ts';
import { isSetByPlatform } from './platform-variables.ts';
import { settings } from './settings.ts';

const maxSuggestions = 3;
const variables = settings.map((setting) => setting.variable);
const prefixes = new Set(variables.map((variable) => variable.split('_', 1).join()));

/** Words that say how something is counted. People leave them out or choose another. */
const unitWords = new Set(
  'MS S SEC SECS SECONDS MILLIS MILLISECONDS M MIN MINUTES H HOURS D DAYS B BYTES KB KIB MB MIB SIZE COUNT'.split(' '),
);

/**
 * Variables that are no setting but look like a slip of one: a letter or two off, or the same words with one left out or
 * added. They only warn: platforms set variables under our prefixes too, and a start must not depend on them.
 */
export function nearMisses(env: Environment): Warning[] {
  return Object.keys(env)
    .filter((name) => (env[name] ?? '') !== '' && !variables.includes(name) && !isSetByPlatform(name))
    .sort()
    .flatMap((variable) => {
      const meant = variables.filter((known) => isNear(variable.toUpperCase(), known)).slice(0, maxSuggestions);
      if (meant.length === 0) return [];
      return [
        { variable, problem: 'is not a setting and has no effect', remedy: `did you mean ${meant.join(' or ')}?` },
      ];
    });
}

function isNear(name: string, known: string): boolean {
  return isMistyped(name, known) || hasOtherWords(name, known);
}

function isMistyped(name: string, known: string): boolean {
  const [prefix = ''] = name.split('_', 1);
  // Behind a right prefix the rest alone counts: half of REDIS_TLS is not REDIS_URL.
  const length = prefixes.has(prefix) ? name.length - prefix.length : name.length;
  const maxLetters = length < 8 ? 1 : 2;
  return Math.abs(name.length - known.length) <= maxLetters && editDistance(name, known) <= maxLetters;
}

function hasOtherWords(name: string, known: string): boolean {
  const [prefix, ...words] = name.split('_').filter((word) => !unitWords.has(word));
  const [knownPrefix, ...knownWords] = known.split('_').filter((word) => !unitWords.has(word));
  if (prefix !== knownPrefix || words.length === 0) return false;
  // DATABASE_PRIVATE_URL and the like are addresses that hosts offer beside the one they mean.
  const isAddress = knownWords.join() === 'URL';
  return isWithin(words, knownWords) || (!isAddress && isWithin(knownWords, words));
}

/** Whether all of `some` stand in `all` in the same order. */
function isWithin(some: readonly string[], all: readonly string[]): boolean {
  let found = 0;
  for (const word of all) {
    if (word === some[found]) found += 1;
  }
  return found === some.length;
}
