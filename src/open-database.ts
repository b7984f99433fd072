import type { Logger } from 'pino';
import type { ConfigWith } from './config/config.ts';
import { Database } from './database/database.ts';
import type { Metrics } from './telemetry/metrics.ts';

export interface OpenDatabaseOptions {
  readonly config: ConfigWith<'database'>;
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** Told when the database comes and goes. */
  readonly onUp?: () => void;
  readonly onDown?: () => void;
}

/** Makes the way to the database, which tells log and metrics whether it is there. It has to be started. */
export function openDatabase({ config, logger, metrics, onUp, onDown }: OpenDatabaseOptions): Database {
  const database = new Database({
    ...config.database,
    onOperation: (name, tookMs) => metrics.record('databaseOperations', tookMs / 1_000, { 'db.operation.name': name }),
    onChange: (state) => {
      if (state.kind === 'up') {
        onUp?.();
        logger.info({ epoch: state.epoch }, 'the database is there');
      } else if (state.kind === 'down') {
        onDown?.();
        logger.error({ err: state.error }, 'the database is gone: everything that needs it fails until it is back');
      }
    },
  });
  metrics.read('databaseUp', () => (database.epoch === undefined ? 0 : 1), {});
  metrics.read('connections', () => database.connections?.idle, { 'db.client.connection.state': 'idle' });
  metrics.read('connections', () => database.connections?.used, { 'db.client.connection.state': 'used' });
  metrics.read('connectionsPending', () => database.connections?.pending, {});
  return database;
}
