import type { RedisPort } from '../ports.ts';
import { readInfo } from '../redis-info.ts';
import { fault, ok, type Remark } from '../remark.ts';

/** What the scripts are tested with begins here; Valkey counts on from Redis 7.2, and says so in the same field. */
const OLDEST: readonly [number, number] = [6, 2];

export async function checkRedisVersion(redis: RedisPort): Promise<Remark> {
  const info = await readInfo(redis, 'server');
  const version = info.get('redis_version') ?? '0';
  const valkey = info.get('valkey_version');
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const name = valkey === undefined ? `Redis ${version}` : `Valkey ${valkey}`;
  const facts = { version, ...(valkey !== undefined && { valkey }) };
  return major > OLDEST[0] || (major === OLDEST[0] && minor >= OLDEST[1])
    ? ok(name, facts)
    : fault(`${name} is too old`, `run Redis ${OLDEST.join('.')} or later, or Valkey`, facts);
}
