import { chown, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { poll } from '../../../src/embedded/poll.ts';
import { findFreePort } from '../../../src/embedded/port.ts';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../../../src/embedded/postgres.ts';
import { chooseAccount } from '../../../src/embedded/postgres-account.ts';
import { findPostgresBinaries } from '../../../src/embedded/postgres-binaries.ts';
import { dataFolderArgument, postgresEnvironment } from '../../../src/embedded/postgres-environment.ts';
import { clusterNameOf, postgresStopSteps } from '../../../src/embedded/postgres-identity.ts';
import { startServerProcess } from '../../../src/embedded/server-process.ts';
import { connectTo } from '../../integration/faults/query-database.ts';
import { copyDataFolder } from '../../support/copy-data-folder.ts';
import { testPostgresSettings } from '../../support/postgres-settings.ts';
import { killFamily } from '../../support/process-family.ts';
import { createTestFolder, templateFolder } from '../../support/run-folder.ts';

/** A PostgreSQL of which a copy was taken, which knows nothing that came later: a backup, or a standby that hears nothing. */
export interface CopiedPostgres extends AsyncDisposable {
  readonly url: string;
  /** Takes the copy. The server is stopped for it, and started again. */
  copy(): Promise<void>;
  /** Puts the copy in the server's place, as a restore does. */
  restore(): Promise<void>;
  /** Kills the server and lets the copy take over at its port, with a timeline of its own, as a failover does. */
  failOver(): Promise<void>;
  /** Starts the copy beside the server, as a standby: it can be read, and not written to. */
  startStandby(): Promise<Standby>;
}

export interface Standby extends AsyncDisposable {
  readonly url: string;
}

const log = () => {};

export async function startCopiedPostgres(): Promise<CopiedPostgres> {
  const parent = await createTestFolder('copied');
  const [folder, copyFolder] = [join(parent, 'data'), join(parent, 'copy')];
  await copyDataFolder(templateFolder(), folder);
  const start = (from: string, port?: number, settings: Readonly<Record<string, string>> = {}) =>
    startEmbeddedPostgres({ folder: from, port, settings: { ...testPostgresSettings, ...settings }, log });
  let server: EmbeddedPostgres = await start(folder);
  const { port, url } = server;
  return {
    url,
    copy: async () => {
      await server.stop();
      await copyDataFolder(folder, copyFolder);
      server = await start(folder, port);
    },
    restore: async () => {
      await server.stop();
      server = await start(copyFolder, port);
    },
    failOver: async () => {
      await killFamily(server.processId);
      await server.stop();
      await putSignal(copyFolder, 'recovery.signal');
      server = await start(copyFolder, port, { restore_command: 'false' });
    },
    startStandby: async () => {
      const standbyFolder = join(parent, 'standby');
      await copyDataFolder(copyFolder, standbyFolder);
      return await startStandby(standbyFolder, url);
    },
    [Symbol.asyncDispose]: async () => {
      await server.stop();
      await rm(parent, { recursive: true, force: true });
    },
  };
}

/** The file by which PostgreSQL knows what it is to be. */
async function putSignal(folder: string, name: string): Promise<void> {
  const { uid, gid } = await stat(folder);
  await writeFile(join(folder, name), '');
  await chown(join(folder, name), uid, gid);
}

/** The embedded servers are primaries: a standby is never ready in their sense. */
async function startStandby(folder: string, primaryUrl: string): Promise<Standby> {
  await putSignal(folder, 'standby.signal');
  const account = await chooseAccount(folder, log);
  const binaries = await findPostgresBinaries(account, `${clusterNameOf(folder)}-`);
  const port = await findFreePort();
  const settings = {
    ...testPostgresSettings,
    listen_addresses: '127.0.0.1',
    port: String(port),
    unix_socket_directories: '',
    cluster_name: clusterNameOf(folder),
  };
  const options = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const server = await startServerProcess({
    title: 'PostgreSQL',
    program: binaries.postgres,
    programArguments: ['-D', dataFolderArgument(folder, account), ...options],
    environment: postgresEnvironment,
    folder,
    account,
    logFile: `${folder}.log`,
    stopSteps: postgresStopSteps,
  });
  const url = new URL(primaryUrl);
  url.port = String(port);
  const probe = async () => {
    const client = await connectTo(url.href).catch(() => undefined);
    await client?.end();
    return client === undefined ? undefined : true;
  };
  if ((await poll(probe, { timeoutMs: 20_000 })) === undefined) {
    throw new Error(`the standby is not there: ${await server.readLogTail()}`);
  }
  return {
    url: url.href,
    [Symbol.asyncDispose]: async () => {
      await server.stop();
      await binaries.release();
    },
  };
}
