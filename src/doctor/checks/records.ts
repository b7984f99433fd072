import { z } from 'zod';
import { counted } from '../age.ts';
import { oneLine } from '../one-line.ts';
import type { RedisPort } from '../ports.ts';
import { fault, ok, type Remark } from '../remark.ts';

/** A look, not an audit: it must not be what keeps Redis busy. */
const KEYS_MAX = 100_000;
const LOOK_MS = 2_000;
const KEYS_PER_SCAN = 1_000;

/** So many fit on a screen. */
const SHOWN_MAX = 10;

const NEVER_EXPIRES = -1;

const scanRule = z.tuple([z.string(), z.array(z.string())]);

/**
 * Looks for records that would stay for ever. Every record gets its time to live in the script that writes it, so that there can be
 * none, unless somebody has used PERSIST, or restored keys without it. The event stream, `<prefix>.events`, is meant to stay.
 */
export async function checkRecords(redis: RedisPort, prefix: string): Promise<Remark> {
  const endMs = performance.now() + LOOK_MS;
  const eternal: string[] = [];
  let looked = 0;
  let cursor = '0';
  do {
    const [next, keys] = scanRule.parse(
      await redis.call('SCAN', cursor, 'MATCH', `${prefix}:*`, 'COUNT', KEYS_PER_SCAN),
    );
    const left = await Promise.all(keys.map(async (key) => [key, await redis.call('PTTL', key)] as const));
    eternal.push(...left.filter(([, ms]) => ms === NEVER_EXPIRES).map(([key]) => key));
    looked += keys.length;
    cursor = next;
  } while (cursor !== '0' && looked < KEYS_MAX && performance.now() < endMs);
  // A scan may give a key twice.
  const names = [...new Set(eternal)].sort();
  const isWhole = cursor === '0';
  const shown = names.slice(0, SHOWN_MAX).map((name) => oneLine(name));
  const facts = { looked, isWhole, eternal: names.length, names: shown };
  const seen = `${counted(looked, 'key')}${isWhole ? '' : ' looked at, not all'}`;
  if (names.length === 0) {
    return ok(`${seen}; each will expire`, facts);
  }
  return {
    ...fault(
      `${names.length} of ${seen} would stay for ever`,
      'remove them (redis-cli DEL …): the ledger has every answer',
      facts,
    ),
    lines: shown,
  };
}
