import { mkdir, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { TestRedis } from '../../support/redis.ts';
import { connectToRedis, withRedis } from './redis-server.ts';
import { until } from './until.ts';

/** A way in which Redis answers, but not with what it was asked for. */
export interface Refusal {
  /** How its errors begin. */
  readonly error: string;
  /** Brings it about. @returns how to undo it */
  readonly provoke: (redis: TestRedis) => Promise<() => Promise<unknown>>;
}

/** Settings that the refusals need from the start. */
export const refusalSettings = { 'enable-debug-command': 'yes', 'lua-time-limit': '50' };

export const refusals: readonly Refusal[] = [
  { error: 'OOM', provoke: (redis) => configure(redis, 'maxmemory', '1', '0') },
  { error: 'NOREPLICAS', provoke: (redis) => configure(redis, 'min-replicas-to-write', '1', '0') },
  { error: 'READONLY', provoke: demote },
  { error: 'MISCONF', provoke: breakSnapshots },
  { error: 'BUSY', provoke: runEndlessScript },
  { error: 'LOADING', provoke: loadSlowly },
];

async function configure(redis: TestRedis, setting: string, bad: string, good: string) {
  await withRedis(redis, (admin) => admin.config('SET', setting, bad));
  return () => withRedis(redis, (admin) => admin.config('SET', setting, good));
}

/** Makes it the replica of a server that is not there; connections that are open stay open. */
async function demote(redis: TestRedis) {
  await withRedis(redis, (admin) => admin.replicaof('127.0.0.1', 1));
  return () => withRedis(redis, (admin) => admin.replicaof('NO', 'ONE'));
}

/** A folder stands where the snapshot is to be written. */
async function breakSnapshots(redis: TestRedis) {
  const snapshotsAre = (status: string) => () =>
    withRedis(redis, async (admin) => (await admin.info('persistence')).includes(`rdb_last_bgsave_status:${status}`));
  const obstacle = await withRedis(redis, async (admin) => {
    const [, folder = ''] = (await admin.config('GET', 'dir')).map(String);
    await mkdir(join(folder, 'dump.rdb'));
    await admin.config('SET', 'save', '3600 1000000');
    await admin.bgsave();
    return join(folder, 'dump.rdb');
  });
  await until('snapshots fail', snapshotsAre('err'));
  return async () => {
    await rmdir(obstacle);
    await withRedis(redis, (admin) => admin.bgsave());
    await until('snapshots succeed', snapshotsAre('ok'));
  };
}

async function runEndlessScript(redis: TestRedis) {
  const runner = connectToRedis(redis);
  const killed = runner.eval('while true do end', 0).catch(() => {});
  await until('busy', () => withRedis(redis, (admin) => isRefused(admin.set('x', ''), 'BUSY')));
  return async () => {
    await withRedis(redis, (admin) => admin.script('KILL'));
    await killed;
    runner.disconnect();
  };
}

/** Has it read its data again, a tenth of a second for each key. */
async function loadSlowly(redis: TestRedis) {
  const loader = connectToRedis(redis);
  await loader.config('SET', 'loading-process-events-interval-bytes', '1024', 'key-load-delay', '100000');
  await loader.mset(Object.fromEntries(Array.from({ length: 12 }, (_, index) => [`ballast-${index}`, noise(4_096)])));
  const loaded = loader.call('DEBUG', 'RELOAD').catch(() => {});
  await until('loading', () => withRedis(redis, (admin) => isRefused(admin.set('x', ''), 'LOADING')));
  return async () => {
    await loaded;
    await loader.config('SET', 'key-load-delay', '0');
    loader.disconnect();
  };
}

/** Text that a snapshot cannot compress. */
function noise(length: number): string {
  return Array.from({ length }, () => String.fromCharCode(33 + Math.floor(Math.random() * 90))).join('');
}

async function isRefused(answer: Promise<unknown>, error: string): Promise<boolean> {
  return await answer.then(
    () => false,
    (refused: unknown) => refused instanceof Error && refused.message.startsWith(error),
  );
}
