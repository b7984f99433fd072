import type { Logger } from 'pino';
import type { ConfigWith } from '../config/config.ts';
import { migrate } from '../database/migrate.ts';

/** Brings the database to the newest schema, and says what was done. */
export async function runMigrations(config: ConfigWith<'database'>, logger: Logger): Promise<void> {
  const applied = await migrate(config.database);
  logger.info({ applied }, applied.length === 0 ? 'the database has the newest schema' : 'the database was migrated');
}
