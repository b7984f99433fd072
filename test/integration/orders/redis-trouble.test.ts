import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Redis } from 'ioredis';
import { answerOf, createOrder, orderRequest } from '../../support/order-requests.ts';
import { startTestService, type TestService } from '../../support/order-service.ts';
import { createGate } from '../../support/pause-gate.ts';
import { metadataValue } from '../../support/unary-call.ts';
import { oneEffect } from './audit.ts';
import { namesOf, nameToBe, recordHas } from './record-names.ts';
import { type OpenStores, openStores } from './stores.ts';

const gate = createGate('before_commit');
let stores: OpenStores;
let service: TestService;
let other: TestService;

beforeAll(async () => {
  stores = await openStores();
  service = await startTestService({ ...stores, pause: gate.pause });
  other = await startTestService(stores);
}, 60_000);

afterAll(async () => {
  gate.open();
  await stores.redis.thaw();
  await Promise.all([service.stop(), other.stop()]);
  await stores.close();
}, 60_000);

async function place(key: string, at = service, note = '') {
  return await createOrder(at.client, orderRequest({ customerId: key, note }), { key });
}

/** P1, P2 and P3 for a key: retries at both processes get the first answer, another order is refused, one order is there. */
async function expectPromisesKept(key: string, first: Buffer) {
  for (const at of [service, other]) {
    const retry = await place(key, at);
    expect(answerOf(retry)).toEqual(first);
    expect(metadataValue(retry, 'idempotency-status')).toBe('replayed');
    expect((await place(key, at, 'another order')).errorInfo?.reason).toBe('IDEMPOTENCY_KEY_REUSED');
  }
  expect(await stores.audit.effectsOf(key)).toEqual(oneEffect);
}

const settled = { state: 'COMPLETED', fingerprint_version: '1', form: '1', kept: 'here', response: 'forged' };

const foreignValues: readonly (readonly [string, (redis: Redis, name: string) => Promise<unknown>])[] = [
  ['a text', (redis, name) => redis.set(name, 'COMPLETED')],
  ['a list', (redis, name) => redis.rpush(name, 'COMPLETED')],
  ['a set', (redis, name) => redis.sadd(name, 'COMPLETED')],
  ['an empty record', (redis, name) => redis.hset(name, { unrelated: '1' })],
  ['a record in an unknown state', (redis, name) => redis.hset(name, { ...settled, state: 'DONE', fingerprint: 'f' })],
  ['a settled record without a fingerprint', (redis, name) => redis.hset(name, settled)],
  [
    'a settled record of another form',
    (redis, name) => redis.hset(name, { ...settled, form: '2', fingerprint: 'f', fingerprint_version: '2' }),
  ],
  [
    'a settled record without its answer',
    (redis, name) =>
      redis.hset(name, { state: 'COMPLETED', fingerprint: 'f', fingerprint_version: '2', form: '1', kept: 'here' }),
  ],
  [
    'a claim without an owner',
    (redis, name) => redis.hset(name, { state: 'PENDING', fingerprint: 'f', fingerprint_version: '2' }),
  ],
  [
    'a dead claim of long ago',
    (redis, name) =>
      redis.hset(name, {
        state: 'PENDING',
        fingerprint: 'f',
        fingerprint_version: '2',
        owner: 'o',
        lease_ends_ms: '1',
      }),
  ],
];

test.each(foreignValues)(
  'P5 under the name of a new key there is %s: the order is placed once',
  async (what, write) => {
    const key = `new-${what.replaceAll(' ', '-')}`;
    answerOf(await place('known'));
    await recordHas(stores.redisClient, 'known', 'state', 'COMPLETED');
    await write(stores.redisClient, await nameToBe(stores.redisClient, key, 'known'));
    await expectPromisesKept(key, answerOf(await place(key)));
  },
);

test.each(foreignValues)(
  'P5 the record of a placed order was replaced by %s: its answer comes back',
  async (what, write) => {
    const key = `placed-${what.replaceAll(' ', '-')}`;
    const first = answerOf(await place(key));
    await recordHas(stores.redisClient, key, 'state', 'COMPLETED');
    for (const name of await namesOf(stores.redisClient, key)) {
      await stores.redisClient.del(name);
      await write(stores.redisClient, name);
    }
    await expectPromisesKept(key, first);
  },
);

test('P5 Redis forgets the claim of an order that is being placed: a duplicate elsewhere makes no second one', async () => {
  gate.close();
  const running = place('evicted');
  await gate.arrived(1);
  await stores.redisClient.flushall();
  const duplicate = answerOf(await place('evicted', other));
  gate.open();
  expect(answerOf(await running)).toEqual(duplicate);
  await expectPromisesKept('evicted', duplicate);
});

test('P5 Redis is frozen, then killed, then back: every order is placed once, and its answer is there all the time', async () => {
  const before = answerOf(await place('before'));
  await stores.redis.freeze();
  const frozen = answerOf(await place('frozen'));
  await expectPromisesKept('before', before);
  await stores.redis.kill();
  const gone = answerOf(await place('gone'));
  const race = await Promise.all([service, other, service, other].map((at) => place('race', at)));
  expect(new Set(race.map((result) => answerOf(result).toString('hex'))).size).toBe(1);
  await expectPromisesKept('frozen', frozen);
  await stores.redis.restart();
  await expectPromisesKept('before', before);
  await expectPromisesKept('gone', gone);
  await expectPromisesKept('frozen', frozen);
  expect(await stores.audit.effectsOf('race')).toEqual(oneEffect);
}, 60_000);
