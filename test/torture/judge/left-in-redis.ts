import type { Redis } from 'ioredis';
import { poll } from '../../../src/embedded/poll.ts';
import type { LeftEvent } from '../history.ts';
import { withRedis } from '../stage/redis-session.ts';

/** A dead claim goes a second after its lease of 5 s; the rest is for a busy machine. */
const CLAIM_LIMIT_MS = 15_000;
const LOOK_MS = 1_000;

interface Left {
  readonly claims: number;
  readonly eternal: number;
}

/** Claims that nobody settles or gives up, and records that never go. Others' values under our names are nobody's concern. */
export async function findLeftInRedis(url: string): Promise<readonly LeftEvent[]> {
  return await withRedis(url, async (redis) => {
    const withoutClaims = async () => {
      const left = await countLeft(redis);
      return left.claims === 0 ? left : undefined;
    };
    const { claims, eternal } =
      (await poll(withoutClaims, { timeoutMs: CLAIM_LIMIT_MS, intervalMs: LOOK_MS })) ?? (await countLeft(redis));
    return [
      { kind: 'left', what: 'claims in Redis', count: claims, allowed: 0 },
      { kind: 'left', what: 'records in Redis without an end', count: eternal, allowed: 0 },
    ];
  });
}

async function countLeft(redis: Redis): Promise<Left> {
  const left = { claims: 0, eternal: 0 };
  for await (const found of redis.scanStream({ match: 'orders:*:{*}', type: 'hash', count: 1_000 })) {
    const names: readonly string[] = found;
    await Promise.all(
      names.map(async (name) => {
        const [[state, fingerprint], leftMs] = await Promise.all([
          redis.hmget(name, 'state', 'fingerprint'),
          redis.pttl(name),
        ]);
        if (fingerprint !== null && fingerprint !== undefined) {
          left.claims += state === 'PENDING' ? 1 : 0;
          left.eternal += leftMs === -1 ? 1 : 0;
        }
      }),
    );
  }
  return left;
}
