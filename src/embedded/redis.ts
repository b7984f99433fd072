import { mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { EmbeddedError } from './embedded-error.ts';
import { poll } from './poll.ts';
import { findFreePort, loopback, requireFreePort } from './port.ts';
import type { RedisBinary } from './redis-binary.ts';
import { redisPidFile, redisStopSteps, stopOrphanedRedis } from './redis-orphan.ts';
import { isRedisReady } from './redis-ready.ts';
import { reportUnexpectedEnd, type ServerProcess, startServerProcess } from './server-process.ts';

export interface LocalRedisOptions {
  /** For data, log and process id; made if missing. */
  readonly folder: string;
  /** From `ensureRedisBinary`. */
  readonly binary: RedisBinary;
  /** Default: a free one. */
  readonly port?: number | undefined;
  /** Settings over the ones used here, for instance `{ appendonly: 'no' }` in tests. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Default: one minute; loading the data takes part of it. */
  readonly startTimeoutMs?: number;
  readonly log: (message: string) => void;
  /** Called with the reason if the server ends although nobody called `stop`. */
  readonly onUnexpectedEnd?: (reason: Error) => void;
}

export interface LocalRedis {
  /** `redis://127.0.0.1:port` */
  readonly url: string;
  readonly port: number;
  readonly processId: number;
  /** Writes what is still in memory to the append-only file, then ends. May be repeated. */
  stop(): Promise<void>;
}

/** Starts Redis (or Valkey) on the loopback interface, with its data in a folder. Rejects with an EmbeddedError. */
export async function startLocalRedis(options: LocalRedisOptions): Promise<LocalRedis> {
  const folder = resolve(options.folder);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await stopOrphanedRedis(folder, options.log);
  if (options.port !== undefined) await requireFreePort(options.port, 'Redis');
  const { server, port } = await launch({ ...options, folder });
  reportUnexpectedEnd(server, options.onUnexpectedEnd);
  return { url: `redis://${loopback}:${port}`, port, processId: server.processId, stop: server.stop };
}

async function launch(options: LocalRedisOptions): Promise<{ server: ServerProcess; port: number }> {
  const deadlineMs = performance.now() + (options.startTimeoutMs ?? 60_000);
  for (;;) {
    const port = options.port ?? (await findFreePort());
    const server = await spawnRedis(options, port);
    if (await becomesReady(server, port, deadlineMs - performance.now())) return { server, port };
    const hasEnded = server.hasEnded();
    await server.stop();
    const logTail = await server.readLogTail();
    // A free port may be taken before Redis listens on it.
    const isTaken = hasEnded && options.port === undefined && logTail.includes('Address already in use');
    if (isTaken && performance.now() < deadlineMs) continue;
    const what = hasEnded ? 'did not start' : 'did not become ready in time';
    throw new EmbeddedError('START_FAILED', `Redis on ${options.folder} ${what}. Its log ends with:\n${logTail}`);
  }
}

function spawnRedis({ folder, binary, settings }: LocalRedisOptions, port: number): Promise<ServerProcess> {
  const allSettings: Record<string, string> = {
    appendonly: 'yes',
    save: '',
    'maxmemory-policy': 'noeviction',
    ...settings,
    bind: loopback,
    port: String(port),
    dir: folder,
    pidfile: redisPidFile(folder),
    daemonize: 'no',
    // Otherwise Redis replaces its command line, and with it the path of the pid file.
    'set-proc-title': 'no',
  };
  return startServerProcess({
    title: 'Redis',
    program: binary.path,
    programArguments: Object.entries(allSettings).flatMap(([name, value]) => [`--${name}`, value]),
    environment: process.env,
    folder,
    logFile: join(folder, 'redis.log'),
    // Two servers on one append-only file would ruin it: no moment without a trace of the first.
    pidFile: redisPidFile(folder),
    stopSteps: redisStopSteps,
  });
}

async function becomesReady(server: ServerProcess, port: number, timeoutMs: number): Promise<boolean> {
  const probe = async () => {
    if (server.hasEnded()) return false;
    return (await isRedisReady(port, server.processId)) ? true : undefined;
  };
  return (await poll(probe, { timeoutMs, intervalMs: 10 })) ?? false;
}
