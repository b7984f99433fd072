import { afterAll, beforeAll, expect } from '@jest/globals';
import { expectPlacedOnce, expectSettled, inWords, place } from '../../integration/faults/named-orders.ts';
import { commandsRun } from '../../integration/faults/redis-server.ts';
import { startWatchedService } from '../../integration/faults/watched-service.ts';
import { createTestDatabase, type TestDatabase } from '../../support/postgres.ts';
import { startTestRedis, type TestRedis } from '../../support/redis.ts';
import { storiesAtOnce } from '../../support/stories-at-once.ts';
import { startTcpProxy, type TcpProxy } from '../../support/tcp-proxy.ts';

const COMMAND_TIMEOUT_MS = 400;
const CIRCUIT_FAILURES = 3;
/** What a loaded machine may add to a call. */
const ALLOWANCE_MS = 3_000;

let database: TestDatabase;

beforeAll(async () => {
  database = await createTestDatabase();
});

afterAll(() => database.drop());

interface Line {
  readonly redis: TestRedis;
  readonly proxy: TcpProxy;
}

/** A service that loses Redis without a word, serves many calls meanwhile, and has it back. */
async function lose(
  name: string,
  { vanish, appear }: Record<'vanish' | 'appear', (line: Line) => Promise<void> | void>,
): Promise<void> {
  await using stack = new AsyncDisposableStack();
  const redis = await startTestRedis();
  stack.defer(() => redis.stop());
  const proxy = stack.use(await startTcpProxy(redis.port));
  const service = stack.use(
    await startWatchedService({
      databaseUrl: database.url,
      redisUrl: `redis://127.0.0.1:${proxy.port}`,
      settings: {
        REDIS_COMMAND_TIMEOUT_MS: String(COMMAND_TIMEOUT_MS),
        REDIS_SLOW_MS: '300',
        REDIS_CIRCUIT_FAILURES: String(CIRCUIT_FAILURES),
        REDIS_CIRCUIT_PROBE_MS: '100',
        // Many at once on a machine that is busy: that is another exhibit's question.
        DATABASE_CONNECT_TIMEOUT_MS: '10000',
      },
    }),
  );
  const before = await expectPlacedOnce(service, `${name}-before`);
  const scriptsBefore = (await commandsRun(redis, 'evalsha')) + (await commandsRun(redis, 'eval'));
  await vanish({ redis, proxy });

  // Those that meet the silence pay the time limit, once.
  const startedMs = performance.now();
  const early = await Promise.all(
    Array.from({ length: 10 }, (_, index) => place(service.client, `${name}-early-${index}`)),
  );
  expect(performance.now() - startedMs).toBeLessThan(COMMAND_TIMEOUT_MS + ALLOWANCE_MS);
  expect(new Set(early.map(inWords))).toEqual(new Set(['OK executed']));
  await service.becomesDegraded();
  expect(await service.health()).toBe('SERVING');

  // Those that come later pay nothing, and nothing of them waits anywhere for Redis.
  const late = await Promise.all(
    Array.from({ length: 60 }, (_, index) => place(service.client, `${name}-late-${index}`)),
  );
  expect(new Set(late.map(inWords))).toEqual(new Set(['OK executed']));
  await expectSettled(service, `${name}-before`, before);
  await appear({ redis, proxy });
  await service.becomesWhole();
  // What went to Redis is what was under way when it vanished, and the release of that, not the sixty.
  const scriptsAfter = (await commandsRun(redis, 'evalsha')) + (await commandsRun(redis, 'eval'));
  expect(scriptsAfter - scriptsBefore).toBeLessThan(50);
  await expectSettled(service, `${name}-before`, before);
  await expectPlacedOnce(service, `${name}-after`);
}

storiesAtOnce({
  // civitai/civitai#2556, OpenCTI-Platform/opencti#7970: the other side was gone without a word, and was waited for a quarter of an hour.
  'S6 Redis is stopped, its sockets stay open: a call pays the time limit at most, the circuit opens, nothing piles up, and it is back by itself':
    () => lose('S6-stopped', { vanish: ({ redis }) => redis.freeze(), appear: ({ redis }) => redis.thaw() }),
  'S6 packets to Redis are dropped without a reset, and the old sockets never hear again: the same': () =>
    lose('S6-dropped', { vanish: ({ proxy }) => proxy.swallow(), appear: ({ proxy }) => proxy.heal() }),
  'S6 Redis answers, but far too late: the same': () =>
    lose('S6-late', { vanish: ({ proxy }) => proxy.setDelay(5_000), appear: ({ proxy }) => proxy.setDelay(0) }),
});
