import { readFileSync } from 'node:fs';
import { batchText, scriptNames } from '../../idempotency/redis/scripts.ts';
import { oneLine } from '../one-line.ts';
import type { RedisPort } from '../ports.ts';
import { fault, ok, type Remark, warning } from '../remark.ts';
import { RefusedError } from '../trouble.ts';

const scripts: readonly (readonly [name: string, text: string])[] = [
  ...scriptNames.map((name) => [name, batchText(name)] as const),
  ['publish', readFileSync(new URL('../../events/publish.lua', import.meta.url), 'utf8')],
];

/** Redis says no in these words where it does not know a command: a provider may have taken it away. */
const FORBIDDEN = /^NOPERM|unknown command/;

/** Whether this Redis runs scripts, and understands ours. */
export async function checkScripts(redis: RedisPort): Promise<Remark> {
  const refused = await refusalOf(redis, ['EVAL', 'return 1', 0]);
  if (refused !== undefined) {
    return fault(
      FORBIDDEN.test(refused)
        ? 'EVAL is forbidden: Redis is of no use to us'
        : `no script runs: ${oneLine(refused, 60)}`,
      'allow +eval +evalsha to the user in REDIS_URL; until then calls are slower, but right',
      { error: oneLine(refused) },
    );
  }
  for (const [name, text] of scripts) {
    const error = await refusalOf(redis, ['SCRIPT', 'LOAD', text]);
    if (error !== undefined && FORBIDDEN.test(error)) {
      return warning('not tried: SCRIPT LOAD is forbidden', 'EVAL is allowed, and that is what the service needs', {
        error: oneLine(error),
      });
    }
    if (error !== undefined) {
      return fault(`the script ${name} cannot be loaded`, `Redis says: ${oneLine(error)}`, {
        script: name,
        error: oneLine(error),
      });
    }
  }
  return ok(`all ${scripts.length} can be loaded`, { scripts: scripts.map(([name]) => name) });
}

async function refusalOf(
  redis: RedisPort,
  [command, ...args]: readonly [string, ...(string | number)[]],
): Promise<string | undefined> {
  try {
    await redis.call(command, ...args);
    return undefined;
  } catch (error) {
    if (error instanceof RefusedError) {
      return error.message;
    }
    throw error;
  }
}
