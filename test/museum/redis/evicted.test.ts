import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { examined } from '../../integration/doctor/examined.ts';
import { countsOf, expectSettled, inWords, ONE_ORDER, place } from '../../integration/faults/named-orders.ts';
import { until } from '../../integration/faults/until.ts';
import { startWatchedService, type WatchedService } from '../../integration/faults/watched-service.ts';
import { namesOf } from '../../integration/orders/record-names.ts';
import { type OpenStores, openStores } from '../../integration/orders/stores.ts';
import { createGate } from '../../support/pause-gate.ts';

let stores: OpenStores;
/** Its handlers wait before the commit while the gate is closed. */
let service: WatchedService;
let neighbour: WatchedService;
const beforeCommit = createGate('before_commit');

beforeAll(async () => {
  stores = await openStores();
  service = await startWatchedService({ ...stores, pause: beforeCommit.pause });
  neighbour = await startWatchedService(stores);
});

afterAll(async () => {
  beforeCommit.open();
  await Promise.all([service.stop(), neighbour.stop()]);
  await stores.close();
});

/** Fills the memory until Redis has thrown the record out by itself. */
async function fillUntilEvicted(name: string): Promise<void> {
  const { redisClient: redis } = stores;
  const used = Number(/used_memory:(\d+)/.exec(await redis.info('memory'))?.[1]);
  await redis.config('SET', 'maxmemory-policy', 'allkeys-lru', 'maxmemory', String(used + 300_000));
  for (let index = 0; (await redis.exists(name)) === 1; index += 1) {
    if (index > 20_000) throw new Error('the record was not evicted');
    await redis.set(`ballast-${index}`, 'x'.repeat(2_000));
  }
  await redis.config('SET', 'maxmemory', '0', 'maxmemory-policy', 'noeviction');
  await redis.flushall();
}

const losses: Readonly<Record<string, (name: string) => Promise<unknown>>> = {
  'deleted by a hand': (name) => stores.redisClient.del(name),
  'evicted because memory is full': fillUntilEvicted,
  'gone because somebody set an end to it': (name) => stores.redisClient.pexpire(name, 0),
  'gone with everything': () => stores.redisClient.flushall(),
};

// taskforcesh/bullmq#1046, #2215: what stood in Redis was thrown out to make room.
describe('a claim that Redis loses while its handler runs', () => {
  test.each(Object.entries(losses))(
    'S9 %s, and duplicates arrive: one effect, and all get its answer',
    async (what, lose) => {
      const name = `S9-${what.replaceAll(' ', '-')}`;
      const first = await beforeCommit.hold(() => place(service.client, name));
      const [record = ''] = await namesOf(stores.redisClient, name);
      expect(await stores.redisClient.hget(record, 'state')).toBe('PENDING');
      await lose(record);
      expect(await stores.redisClient.exists(record)).toBe(0);
      const local = place(service.client, name);
      const remote = await place(neighbour.client, name);
      expect(inWords(remote)).toBe('OK executed');
      beforeCommit.open();
      const answers = [await first.result, await local, remote];
      expect(answers.map(inWords)).toEqual(['OK replayed', 'OK replayed', 'OK executed']);
      expect(new Set(answers.map(({ response }) => response?.toString('hex'))).size).toBe(1);
      await expectSettled({ client: neighbour.client, databaseUrl: stores.databaseUrl }, name, remote);
      expect(await countsOf(stores.databaseUrl, name)).toEqual(ONE_ORDER);
    },
  );
});

const evicting = [
  'allkeys-lru',
  'allkeys-lfu',
  'allkeys-random',
  'volatile-lru',
  'volatile-lfu',
  'volatile-random',
  'volatile-ttl',
];

test.each(evicting)('S9 the doctor warns of a policy that evicts claims: %s', async (policy) => {
  await stores.redisClient.config('SET', 'maxmemory-policy', policy);
  const { of } = await examined(stores);
  await stores.redisClient.config('SET', 'maxmemory-policy', 'noeviction');
  expect(of('eviction')).toMatchObject({ level: 'warning', message: expect.stringContaining(policy) });
});

test.each(['allkeys-lru', 'volatile-ttl'])(
  'S9 a service that starts on a Redis that evicts claims warns of it: %s',
  async (policy) => {
    await stores.redisClient.config('SET', 'maxmemory-policy', policy);
    await using started = await startWatchedService(stores);
    const warnings = () => started.log.filter(({ level, msg }) => Number(level) >= 40 && String(msg).includes(policy));
    await until('the warning', () => warnings().length > 0).finally(() =>
      stores.redisClient.config('SET', 'maxmemory-policy', 'noeviction'),
    );
    expect(warnings()).toHaveLength(1);
  },
);
