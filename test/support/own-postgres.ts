import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../../src/embedded/postgres.ts';
import { copyDataFolder } from './copy-data-folder.ts';
import { testPostgresSettings } from './postgres-settings.ts';
import { freezeFamily, killFamily, thawFamily } from './process-family.ts';
import { createTestFolder, templateFolder } from './run-folder.ts';

/** A PostgreSQL of one test's own, to be killed, frozen and started again. The port stays the same. */
export interface OwnPostgres {
  /** Leads to a migrated database without rows. */
  readonly url: string;
  readonly port: number;
  /** Of the server that runs now. */
  readonly processId: number;
  /** SIGKILL for the server and all its children; returns when all are gone. */
  killHard(): Promise<void>;
  freeze(): Promise<void>;
  thaw(): Promise<void>;
  /** Starts again on the same data, after a fast shutdown if it still runs. */
  restart(): Promise<void>;
  /** Ends it, whatever state it is in, and removes the data. May be repeated. */
  stop(): Promise<void>;
}

export async function startOwnPostgres(settings: Readonly<Record<string, string>> = {}): Promise<OwnPostgres> {
  const parent = await createTestFolder('postgres');
  const folder = join(parent, 'data');
  await copyDataFolder(templateFolder(), folder);
  const start = (port?: number) =>
    startEmbeddedPostgres({ folder, port, settings: { ...testPostgresSettings, ...settings }, log: () => {} });
  let server: EmbeddedPostgres = await start();
  const thaw = () => thawFamily(server.processId);
  return {
    url: server.url,
    port: server.port,
    get processId() {
      return server.processId;
    },
    killHard: () => killFamily(server.processId),
    freeze: () => freezeFamily(server.processId),
    thaw,
    restart: async () => {
      await thaw();
      await server.stop();
      server = await start(server.port);
    },
    stop: async () => {
      await thaw();
      await server.stop();
      await rm(parent, { recursive: true, force: true });
    },
  };
}
