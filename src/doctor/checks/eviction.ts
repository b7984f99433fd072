import type { RedisPort } from '../ports.ts';
import { readInfo } from '../redis-info.ts';
import { fault, ok, type Remark, warning } from '../remark.ts';

/** With less than a tenth free, one burst of large answers fills it. */
const NEARLY_FULL = 0.9;

/** What Redis does when its memory is full, and how full it is. INFO tells both, also where CONFIG is forbidden. */
export async function checkEviction(redis: RedisPort): Promise<Remark> {
  const info = await readInfo(redis, 'memory');
  const number = (name: string) => Number(info.get(name) ?? 0);
  const policy = info.get('maxmemory_policy') ?? 'unknown';
  const facts = { policy, maxmemoryBytes: number('maxmemory'), usedBytes: number('used_memory') };
  const { maxmemoryBytes, usedBytes } = facts;
  const share = maxmemoryBytes === 0 ? 0 : usedBytes / maxmemoryBytes;
  const full = `${Math.round(share * 100)} % of maxmemory is used`;
  if (/^(allkeys|volatile)-/.test(policy)) {
    // Claims end soon, so that volatile-ttl drops them first.
    const dropped = policy.startsWith('allkeys-') ? 'running claims and the event stream' : 'running claims';
    return warning(
      `${policy} drops ${dropped}`,
      'set maxmemory-policy noeviction: dropped records are slower, not wrong',
      facts,
    );
  }
  if (share >= 1 && policy === 'noeviction') {
    return fault(`${full}: writes are refused`, 'raise maxmemory, or remove what others keep in it', facts);
  }
  if (share >= NEARLY_FULL) {
    return warning(`${full} (${policy})`, 'raise maxmemory, or lower EVENTS_STREAM_LENGTH_MAX', facts);
  }
  return ok(maxmemoryBytes === 0 ? `${policy}, no maxmemory` : `${policy}, ${full}`, facts);
}
