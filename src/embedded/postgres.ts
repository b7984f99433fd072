import { resolve } from 'node:path';
import { createCluster } from './create-cluster.ts';
import { inspectCluster } from './inspect-cluster.ts';
import { loopback, requireFreePort } from './port.ts';
import { chooseAccount } from './postgres-account.ts';
import { findPostgresBinaries } from './postgres-binaries.ts';
import { createDatabaseIfMissing } from './postgres-database.ts';
import { clusterNameOf } from './postgres-identity.ts';
import { launchPostgres } from './postgres-launch.ts';
import { stopOrphanedPostgres } from './postgres-orphan.ts';
import { applicationRole } from './postgres-role.ts';
import { reportUnexpectedEnd, type ServerProcess } from './server-process.ts';
import { removeWorkshops } from './unfinished-cluster.ts';

export interface EmbeddedPostgresOptions {
  /** The data folder, made at the first start. The log lies beside it, in `<folder>.log`. */
  readonly folder: string;
  /** Default: a free one. */
  readonly port?: number | undefined;
  /** Made if missing. Default: `orders`. */
  readonly database?: string;
  /** Server settings over PostgreSQL's defaults, for instance `{ fsync: 'off' }` in tests. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Default: one minute; a recovery after a crash takes part of it. */
  readonly startTimeoutMs?: number;
  readonly log: (message: string) => void;
  /** Called with the reason if the server ends although nobody called `stop`. */
  readonly onUnexpectedEnd?: (reason: Error) => void;
}

export interface EmbeddedPostgres {
  /** `postgres://user:password@127.0.0.1:port/database` */
  readonly url: string;
  readonly port: number;
  readonly processId: number;
  /** A fast shutdown: open transactions are rolled back, nothing that was committed is lost. May be repeated. */
  stop(): Promise<void>;
}

/** Starts a real PostgreSQL on the loopback interface, with its data in a folder. Rejects with an EmbeddedError. */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const folder = resolve(options.folder);
  const { settings = {}, database = 'orders', log } = options;
  const { fsync = 'on' } = settings;
  const account = await chooseAccount(folder, log);
  await stopOrphanedPostgres(folder, log);
  await removeWorkshops(folder);
  if (options.port !== undefined) await requireFreePort(options.port, 'PostgreSQL');
  const binaries = await findPostgresBinaries(account, `${clusterNameOf(folder)}-`);
  let server: ServerProcess | undefined;
  const stop = async () => {
    await server?.stop();
    await binaries.release();
  };
  try {
    if ((await inspectCluster(folder, binaries.majorVersion)) === 'absent') {
      log(`Creating a PostgreSQL ${binaries.majorVersion} data folder in ${folder}`);
      await createCluster({ folder, binaries, account, isDurable: fsync !== 'off' });
    }
    const timeoutMs = options.startTimeoutMs ?? 60_000;
    const launched = await launchPostgres({ folder, port: options.port, settings, binaries, account, timeoutMs, log });
    server = launched.server;
    await createDatabaseIfMissing(urlOf(launched.port, 'postgres'), database);
    reportUnexpectedEnd(server, options.onUnexpectedEnd);
    return { url: urlOf(launched.port, database), port: launched.port, processId: server.processId, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

function urlOf(port: number, database: string): string {
  const { name, password } = applicationRole;
  return `postgres://${name}:${password}@${loopback}:${port}/${encodeURIComponent(database)}`;
}
