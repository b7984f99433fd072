import { join } from 'node:path';
import { migrate } from '../../src/database/migrate.ts';
import { startEmbeddedPostgres } from '../../src/embedded/postgres.ts';
import { copyDataFolder } from './copy-data-folder.ts';
import { removeDeadRuns } from './dead-runs.ts';
import { closeTemplateDatabase } from './postgres.ts';
import { testPostgresSettings } from './postgres-settings.ts';
import { testRedisBinary } from './redis-binary.ts';
import { createRunFolder, publishRunValue, templateFolder } from './run-folder.ts';
import { testConfig } from './test-config.ts';

/** Once per run of the project "integration": one PostgreSQL for all test files, and a Redis program for each to use. */
export default async function setUp(): Promise<void> {
  await removeDeadRuns();
  const folder = await createRunFolder();
  await testRedisBinary();

  const settings = testPostgresSettings;
  const log = () => {};
  // The template is a cluster with a migrated database that was shut down in order: its copies start without a recovery.
  const template = await startEmbeddedPostgres({ folder: templateFolder(), settings, log });
  await migrate(testConfig({ databaseUrl: template.url }).database);
  await template.stop();
  const sharedFolder = join(folder, 'shared');
  await copyDataFolder(templateFolder(), sharedFolder);
  const shared = await startEmbeddedPostgres({ folder: sharedFolder, settings, log });
  publishRunValue('postgresUrl', shared.url);
  await closeTemplateDatabase();
  globalThis.stopSharedPostgres = shared.stop;
}

declare global {
  // Jest loads the set-up and the tear-down apart; this is what they share.
  var stopSharedPostgres: (() => Promise<void>) | undefined;
}
