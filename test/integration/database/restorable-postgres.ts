import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../../../src/embedded/postgres.ts';
import { copyDataFolder } from '../../support/copy-data-folder.ts';
import { testPostgresSettings } from '../../support/postgres-settings.ts';
import { createTestFolder, templateFolder } from '../../support/run-folder.ts';

/** A PostgreSQL whose data can be put aside and brought back later, as a restore from a backup does. The port stays. */
export interface RestorablePostgres {
  readonly url: string;
  restart(): Promise<void>;
  /** Puts the data aside, as they are now. The server is stopped for it and started again. */
  backUp(): Promise<void>;
  /** Brings back the data that were put aside; what was written since is lost. */
  restore(): Promise<void>;
  stop(): Promise<void>;
}

export async function startRestorablePostgres(): Promise<RestorablePostgres> {
  const parent = await createTestFolder('restorable');
  const [folder, backup] = [join(parent, 'data'), join(parent, 'backup')];
  await copyDataFolder(templateFolder(), folder);
  const start = (port?: number) =>
    startEmbeddedPostgres({ folder, port, settings: testPostgresSettings, log: () => {} });
  let server: EmbeddedPostgres = await start();
  const whileStopped = async (work: () => Promise<void>) => {
    await server.stop();
    await work();
    server = await start(server.port);
  };
  return {
    url: server.url,
    restart: () => whileStopped(async () => {}),
    backUp: () => whileStopped(() => copyDataFolder(folder, backup)),
    restore: () =>
      whileStopped(async () => {
        await rm(folder, { recursive: true });
        await copyDataFolder(backup, folder);
      }),
    stop: async () => {
      await server.stop();
      await rm(parent, { recursive: true, force: true });
    },
  };
}
