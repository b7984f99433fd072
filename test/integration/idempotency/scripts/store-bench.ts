import { createHash, randomUUID } from 'node:crypto';
import { type RecordIdentity, RedisStore, type RedisStoreOptions } from '../../../../src/idempotency/index.ts';
import { recordIdentity } from '../../../../src/idempotency/record.ts';

/** The store alone, with time limits for a busy machine. */
export function openStore(url: string, options: Partial<RedisStoreOptions> = {}): RedisStore {
  return new RedisStore({
    url,
    prefix: 'test',
    epoch: () => 'epoch',
    connectTimeoutMs: 2_000,
    commandTimeoutMs: 2_000,
    slowMs: 2_000,
    circuitFailures: 5,
    circuitProbeMs: 100,
    cachedAnswerBytesMax: 1_000,
    onChange: () => {},
    ...options,
  });
}

export function nameOf({ id }: RecordIdentity): string {
  return `test:epoch:{${id}}`;
}

/** A record that nobody has used before. */
export function newRecord({ leaseMs = 5_000, timeToLiveMs = 60_000 } = {}): RecordIdentity {
  const key = randomUUID();
  return recordIdentity({
    principal: 'anonymous',
    method: '/test.v1.TestService/Test',
    key: { value: key, source: 'client' },
    fingerprint: { version: 1, hash: createHash('sha256').update(key).digest('hex') },
    policy: {
      keyRequired: false,
      timeToLiveMs,
      leaseMs,
      longestWaitMs: 1_000,
      expiredKeyIsNew: false,
      fingerprintExclusions: [],
    },
  });
}
