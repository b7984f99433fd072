import { z } from 'zod';
import type { RedisPort } from './ports.ts';

/** A section of INFO, which also a Redis that somebody else manages tells. */
export async function readInfo(redis: RedisPort, section: string): Promise<ReadonlyMap<string, string>> {
  const text = z.string().parse(await redis.call('INFO', section));
  return new Map(
    text.split('\r\n').flatMap((line): (readonly [string, string])[] => {
      const at = line.indexOf(':');
      return at < 0 ? [] : [[line.slice(0, at), line.slice(at + 1)]];
    }),
  );
}

/** A setting of Redis. @returns undefined where CONFIG is forbidden, as it often is on a Redis that somebody else manages */
export async function readSetting(redis: RedisPort, name: string): Promise<string | undefined> {
  try {
    const [, value] = z.array(z.string()).parse(await redis.call('CONFIG', 'GET', name));
    return value;
  } catch {
    return undefined;
  }
}
