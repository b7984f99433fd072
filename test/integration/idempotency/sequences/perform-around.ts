import type { State } from '../../../model/state.ts';
import type { StepName } from '../../../model/step-names.ts';
import type { RealKey } from './real-key.ts';
import { MEMORY_MS } from './sequence-stage.ts';

/** Does in reality what happens around the attempts. */
export async function performAround(key: RealKey, name: StepName, { replica }: State): Promise<void> {
  const { redis } = key.stage;
  const { redisName } = key;
  switch (name) {
    case 'lease-over':
      await endLease(key, 1);
      return;
    case 'claim-forgotten':
      await endLease(key, 2_000);
      return;
    case 'claim-gone':
    case 'redis-forgets':
      await redis.del(redisName);
      return;
    case 'foreign-value':
      await redis.set(redisName, 'foreign');
      return;
    case 'replica-falls-behind':
      key.replica = (await redis.dumpBuffer(redisName)) ?? undefined;
      // A replica has the time to live, too; -1 is none.
      key.replicaLeftMs = Math.max(0, await redis.pttl(redisName));
      return;
    case 'stale-failover':
      await redis.del(redisName);
      if (key.replica !== undefined) {
        await redis.restore(redisName, key.replicaLeftMs, key.replica);
      }
      return;
    case 'time-to-live-over':
      key.forgetAnswers();
      await makeOlder(key, 86_400_000);
      if ((await redis.type(redisName)) === 'hash' && (await redis.hget(redisName, 'state')) !== 'PENDING') {
        await redis.del(redisName);
      }
      if (replica.kind === 'settled') {
        key.replica = undefined;
      }
      return;
    case 'memory-over':
      await makeOlder(key, MEMORY_MS);
      return;
    default:
      throw new Error(`the sequences cannot perform ${name}`);
  }
}

/** Makes the lease of a claim end some time ago. */
async function endLease({ stage: { redis }, redisName }: RealKey, agoMs: number): Promise<void> {
  const [seconds, microseconds] = await redis.time();
  const nowMs = Number(seconds) * 1_000 + Math.floor(Number(microseconds) / 1_000);
  await redis.hset(redisName, 'lease_ends_ms', nowMs - agoMs);
}

async function makeOlder({ stage: { pool }, ledgerId }: RealKey, byMs: number): Promise<void> {
  await pool.query(
    `update idempotency_keys set created_at = created_at - $2 * interval '1 millisecond',
       expires_at = expires_at - $2 * interval '1 millisecond' where id = $1`,
    [ledgerId, byMs],
  );
}
