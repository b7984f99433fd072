import { expect, test } from '@jest/globals';
import { type ScriptName, scriptText } from '../../../src/idempotency/redis/scripts.ts';

test('complete and fail differ in what they keep, and in nothing else', () => {
  expect(bodyOf('complete')).toBe(bodyOf('fail'));
});

/** A script without its contract, and without what it writes into the record. */
function bodyOf(name: ScriptName): string {
  const lines = scriptText(name).split('\n');
  const body = lines.filter((line) => !line.startsWith('--')).join('\n');
  const written = /redis\.call\('HSET', key,\n.*?\)\n/s;
  expect(body).toMatch(written);
  return body.replace(written, '');
}
