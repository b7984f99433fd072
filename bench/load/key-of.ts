import type { LoadPlan } from './messages.ts';

/** The key of a call. @param number of the call, from 1 */
export function keyOf({ keyPrefix, keys, firstKey, duplicateShare }: LoadPlan, number: number): string {
  if (keys !== 'new') {
    return `${keyPrefix}-${(firstKey + number) % keys}`;
  }
  // Of ten calls, three repeat the key of the one before: evenly spread, and the same in each run.
  const isDuplicate = Math.floor(number * duplicateShare) !== Math.floor((number - 1) * duplicateShare);
  return `${keyPrefix}-${isDuplicate ? number - 1 : number}`;
}
