import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { differentAnswers } from '../../integration/idempotency/stage/waiters.ts';
import { oneEffect } from '../../integration/orders/audit.ts';
import { namesOf } from '../../integration/orders/record-names.ts';
import { type OpenStores, openStores } from '../../integration/orders/stores.ts';
import { answerOf, createOrder, orderRequest } from '../../support/order-requests.ts';
import { startTestService, type TestService } from '../../support/order-service.ts';
import { createGate } from '../../support/pause-gate.ts';
import { metadataValue } from '../../support/unary-call.ts';

let stores: OpenStores;
let owner: TestService;
let others: readonly [TestService, TestService];
/** Between the commit and everything that tells of it. */
const afterCommit = createGate('after_commit');

beforeAll(async () => {
  stores = await openStores();
  owner = await startTestService({ ...stores, pause: afterCommit.pause });
  others = [await startTestService(stores), await startTestService(stores)];
});

afterAll(async () => {
  afterCommit.open();
  await Promise.all([owner, ...others].map((service) => service.stop()));
  await stores.close();
});

const place = (at: TestService, key: string) => createOrder(at.client, orderRequest({ customerId: key }), { key });

/** What becomes of the claim while its owner stands there. */
const losses: Readonly<Record<string, (name: string) => Promise<unknown>>> = {
  'its lease is over': (name) => stores.redisClient.hset(name, 'lease_ends_ms', Date.now() - 1),
  'it is evicted': (name) => stores.redisClient.unlink(name),
  'it expires': (name) => stores.redisClient.pexpire(name, 0),
  'it is renamed': (name) => stores.redisClient.rename(name, 'elsewhere'),
  'it is overwritten by a text': (name) => stores.redisClient.set(name, 'x'),
  'it is overwritten by the claim of a process that is dead': (name) =>
    stores.redisClient.hset(name, { owner: 'f'.repeat(32), lease_ends_ms: Date.now() - 1 }),
  'Redis forgets everything': () => stores.redisClient.flushall(),
  'Redis is started anew': () => stores.redis.restart(),
};

// KanishJebaMathewM/Truxify#6898: the lock was gone and the answer not yet there, and whoever had waited took the lock without
// looking again.
test.each(Object.entries(losses))(
  'L3 committed, not yet told to anybody, and the claim is lost: %s. Whoever claims the record next finds the answer',
  async (what, lose) => {
    const key = `L3-${what.replaceAll(' ', '-')}`;
    const first = await afterCommit.hold(() => place(owner, key));
    const [name = ''] = await namesOf(stores.redisClient, key);
    await lose(name);
    // While the owner still stands there.
    const duplicates = await Promise.all(others.map((other) => place(other, key)));
    expect(duplicates.map((answer) => metadataValue(answer, 'idempotency-status'))).toEqual(['replayed', 'replayed']);
    afterCommit.open();
    expect(differentAnswers([await first.result, ...duplicates])).toHaveLength(1);
    expect(answerOf(await first.result)).toEqual(await stores.audit.ledgerAnswerOf(key));
    expect(await stores.audit.effectsOf(key)).toEqual(oneEffect);
  },
);
