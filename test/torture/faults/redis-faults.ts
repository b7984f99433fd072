import { setTimeout as sleep } from 'node:timers/promises';
import type { Redis } from 'ioredis';
import { SimulatorError } from '../../../src/simulator/simulator-error.ts';
import { withRedis } from '../stage/redis-session.ts';
import type { Fault, FaultContext } from './fault.ts';
import { fillWithForeignValues } from './foreign-values.ts';

const LOOK_MS = 50;
const LOOKS_MAX = 600;

export const redisFaults: readonly Fault[] = [
  { name: 'redis-killed', lane: 'redis', strike: kill },
  { name: 'redis-frozen', lane: 'redis', strike: freeze },
  { name: 'redis-loading', lane: 'redis', strike: load },
  { name: 'redis-flushed', lane: 'redis', strike: flush },
  { name: 'redis-scripts-flushed', lane: 'redis', strike: flushScripts },
  { name: 'redis-full', lane: 'redis', strike: (context) => squeeze(context, 'noeviction') },
  { name: 'redis-evicts', lane: 'redis', strike: (context) => squeeze(context, 'allkeys-random') },
  { name: 'redis-read-only', lane: 'redis', strike: demote },
  { name: 'redis-failed-over', lane: 'redis', strike: failOver },
  { name: 'redis-busy', lane: 'redis', strike: busy },
  { name: 'redis-foreign-values', lane: 'redis', strike: foreignValues },
  { name: 'redis-slow', lane: 'redis', strike: slow },
  { name: 'redis-half-open', lane: 'redis', strike: halfOpen },
  { name: 'redis-cut', lane: 'redis', strike: cut },
];

async function kill({ stage, dice }: FaultContext): Promise<string> {
  const [lead] = stage.redises;
  await lead.kill();
  await sleep(dice.between(0, 2_000));
  await lead.restart();
  return 'kill -9 of Redis, which came back with what it had written';
}

async function freeze({ stage, dice }: FaultContext): Promise<string> {
  const [lead] = stage.redises;
  const frozenMs = dice.between(200, 7_000);
  await lead.freeze();
  await sleep(frozenMs);
  await lead.thaw();
  return `Redis stopped for ${frozenMs} ms`;
}

/** Every key that it reads from its file costs it time; meanwhile it answers LOADING. */
async function load({ stage, dice }: FaultContext): Promise<string> {
  const [lead] = stage.redises;
  const loadMs = dice.between(1_000, 3_000);
  const keys = await withRedis(lead.url, async (redis) => {
    // The file has every command; written anew, it has every key once.
    await redis.bgrewriteaof();
    await becomes('aof_rewrite_in_progress:0', () => redis.info('persistence'));
    return await redis.dbsize();
  });
  await lead.kill();
  await lead.restart({
    'key-load-delay': String(Math.ceil((loadMs * 1_000) / Math.max(keys, 1))),
    // So often it looks up from loading, to say that it does: every 2 MB otherwise.
    'loading-process-events-interval-bytes': '1024',
  });
  // It would load as slowly from a leader that it is to follow.
  await withRedis(lead.url, (redis) => redis.config('SET', 'key-load-delay', '0'));
  return `Redis restarted, and loaded for some ${loadMs} ms`;
}

async function flush({ stage }: FaultContext): Promise<string> {
  await withRedis(stage.redises[0].url, (redis) => redis.flushall());
  return 'FLUSHALL';
}

async function flushScripts({ stage }: FaultContext): Promise<string> {
  await withRedis(stage.redises[0].url, (redis) => redis.script('FLUSH'));
  return 'SCRIPT FLUSH';
}

async function squeeze({ stage, dice }: FaultContext, policy: 'noeviction' | 'allkeys-random'): Promise<string> {
  const squeezedMs = dice.between(1_000, 4_000);
  await withRedis(stage.redises[0].url, async (redis) => {
    await redis.config('SET', 'maxmemory-policy', policy, 'maxmemory', await roomFor(redis, policy));
    await sleep(squeezedMs);
    await redis.config('SET', 'maxmemory', '0', 'maxmemory-policy', 'noeviction');
  });
  return `no memory left, with ${policy}, for ${squeezedMs} ms`;
}

/** What evicts has as much as it uses. An empty Redis has nearly a megabyte: with less it would evict everything, and still refuse. */
async function roomFor(redis: Redis, policy: 'noeviction' | 'allkeys-random'): Promise<string> {
  const [, used] = /used_memory:(\d+)/.exec(await redis.info('memory')) ?? [];
  return policy === 'noeviction' || used === undefined ? '1mb' : used;
}

async function demote({ stage, dice }: FaultContext): Promise<string> {
  const demotedMs = dice.between(500, 3_000);
  await withRedis(stage.redises[0].url, async (redis) => {
    // Of a master that nobody can reach: it keeps what it has and refuses to write.
    await redis.replicaof('127.0.0.1', '1');
    await sleep(demotedMs);
    await redis.replicaof('NO', 'ONE');
  });
  return `Redis read-only for ${demotedMs} ms`;
}

/** The standby stops following, the leader goes on for a while, and then the standby takes its place. */
async function failOver({ stage, dice }: FaultContext): Promise<string> {
  const [lead, standby] = stage.redises;
  const staleMs = dice.between(200, 3_000);
  const isCut = dice.chance(0.5);
  await withRedis(standby.url, async (redis) => {
    await redis.replicaof('127.0.0.1', String(lead.port));
    await becomes('master_link_status:up', () => redis.info('replication'));
    await sleep(staleMs);
    // What has come by now is what it has; the wait below makes it old.
    await redis.replicaof('NO', 'ONE');
  });
  await sleep(staleMs);
  for (const { toRedis } of stage.posts) {
    toRedis.leadTo(standby.port);
    if (isCut) {
      toRedis.cut();
    }
  }
  // The old sockets, where they are left, lead to a server that refuses to write.
  await withRedis(lead.url, (redis) => redis.replicaof('127.0.0.1', String(standby.port)));
  stage.redises.reverse();
  await sleep(dice.between(500, 2_000));
  return `failed over to a Redis ${staleMs} ms behind, old sockets ${isCut ? 'cut' : 'left open'}`;
}

async function becomes(text: string, info: () => Promise<string>): Promise<void> {
  for (let looks = 0; !(await info()).includes(text); looks += 1) {
    if (looks === LOOKS_MAX) {
      throw new SimulatorError(`Redis did not come to ${text} within ${(LOOKS_MAX * LOOK_MS) / 1_000} s`);
    }
    await sleep(LOOK_MS);
  }
}

async function busy({ stage, dice }: FaultContext): Promise<string> {
  const rounds = dice.between(100, 500) * 1_000_000;
  await withRedis(stage.redises[0].url, (redis) => redis.eval(`for round = 1, ${rounds} do end return 1`, 0));
  return `a foreign script of ${rounds} rounds`;
}

async function foreignValues({ stage, dice }: FaultContext): Promise<string | undefined> {
  const count = await withRedis(stage.redises[0].url, (redis) => fillWithForeignValues(redis, dice));
  return count === 0 ? undefined : `foreign values under ${count} names`;
}

async function slow({ stage, dice }: FaultContext): Promise<string> {
  const delayMs = dice.between(20, 400);
  for (const { toRedis } of stage.posts) {
    toRedis.setDelay(delayMs);
  }
  await sleep(dice.between(1_000, 4_000));
  for (const { toRedis } of stage.posts) {
    toRedis.setDelay(0);
  }
  return `everything to and from Redis ${delayMs} ms late`;
}

async function halfOpen({ stage, dice }: FaultContext): Promise<string> {
  const { slot, toRedis } = dice.pick(stage.posts);
  const deafMs = dice.between(500, 4_000);
  toRedis.swallow();
  await sleep(deafMs);
  toRedis.heal();
  return `half-open connections between ${slot.name} and Redis for ${deafMs} ms`;
}

async function cut({ stage, dice }: FaultContext): Promise<string> {
  const times = dice.between(1, 10);
  for (let index = 0; index < times; index += 1) {
    dice.pick(stage.posts).toRedis.cut();
    await sleep(dice.between(10, 200));
  }
  return `connections to Redis cut ${times} times`;
}
