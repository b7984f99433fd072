import { fingerprintOf } from '../../../../src/idempotency/fingerprint.ts';
import type { RecordIdentity } from '../../../../src/idempotency/index.ts';
import { recordIdentity } from '../../../../src/idempotency/record.ts';
import type { Claim } from '../../../../src/idempotency/store.ts';
import { EchoServiceService, SayRequest } from '../../../generated/echo/v1/echo_service.ts';
import type { EchoService } from '../../../support/echo-service.ts';
import type { Stage } from './stage.ts';
import { until } from './until.ts';

/** The identity of a call of Say that says nothing but a text, by a caller without a name. */
export function sayRecord(text: string, key?: string): RecordIdentity {
  return textRecord(EchoServiceService.say.path, text, key);
}

export function shoutRecord(text: string, key: string): RecordIdentity {
  return textRecord(EchoServiceService.shout.path, text, key);
}

function textRecord(method: string, text: string, key: string | undefined): RecordIdentity {
  // One text field has one encoding: these are the canonical bytes of both requests.
  const fingerprint = fingerprintOf(method, SayRequest.encode(SayRequest.fromPartial({ text })).finish());
  return recordIdentity({
    principal: 'anonymous',
    method,
    key:
      key === undefined ? { value: `sha256-${fingerprint.hash}`, source: 'derived' } : { value: key, source: 'client' },
    fingerprint,
    policy: {
      keyRequired: false,
      timeToLiveMs: 86_400_000,
      leaseMs: 1_000,
      longestWaitMs: 10_000,
      expiredKeyIsNew: false,
      fingerprintExclusions: ['request_time', 'parts.trace'],
    },
  });
}

/** The name under which a record stands in Redis. */
export function redisName(service: EchoService, { id }: RecordIdentity): string {
  return `orders:${service.database.epoch}:{${id}}`;
}

/** The claim of a process that is never heard of again. */
export async function claimOfTheDead(service: EchoService, record: RecordIdentity): Promise<Claim> {
  const { store } = service;
  if (store === undefined) {
    throw new Error('this service has no Redis');
  }
  const claim = store.newClaim(record);
  const reply = await store.begin(claim);
  if (reply.kind !== 'acquired') {
    throw new Error(`the record is not free: ${reply.kind}`);
  }
  return claim;
}

/** Resolves when a service has reached Redis: before, its calls make no claims there. */
export async function reachesRedis({ store }: EchoService): Promise<void> {
  const isReached = async () => (await store?.release(store.newClaim(sayRecord('nothing', 'nothing')))) === 'lost';
  await until('Redis is reached', isReached);
}

/** Makes a lease end now, whatever it had left. */
export async function endLease(stage: Stage, service: EchoService, record: RecordIdentity): Promise<void> {
  if ((await stateInRedis(stage, service, record)) !== 'PENDING') {
    throw new Error('there is no claim whose lease could end');
  }
  const [seconds, microseconds] = await stage.redisClient.time();
  const justOver = Number(seconds) * 1_000 + Math.floor(Number(microseconds) / 1_000) - 1;
  await stage.redisClient.hset(redisName(service, record), 'lease_ends_ms', justOver);
}

/** Has Redis forget a record, as it does when its time to live is over, or when it is out of memory. */
export async function forgetInRedis(stage: Stage, service: EchoService, record: RecordIdentity): Promise<void> {
  await stage.redisClient.del(redisName(service, record));
}

/** Makes a record older, everywhere: Redis keeps nothing past the time to live. */
export async function age(stage: Stage, service: EchoService, record: RecordIdentity, by: string): Promise<void> {
  await forgetInRedis(stage, service, record);
  await stage.sql(
    `update idempotency_keys set created_at = created_at - $2::interval, expires_at = expires_at - $2::interval
     where id = $1`,
    [Buffer.from(record.id, 'hex'), by],
  );
}

export async function ledgerRow(stage: Stage, { id }: RecordIdentity): Promise<Record<string, unknown> | undefined> {
  const [row] = await stage.sql('select * from idempotency_keys where id = $1', [Buffer.from(id, 'hex')]);
  return row;
}

export async function stateInRedis(stage: Stage, service: EchoService, record: RecordIdentity): Promise<string | null> {
  return await stage.redisClient.hget(redisName(service, record), 'state');
}
