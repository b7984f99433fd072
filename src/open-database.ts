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
  return new Database({
    ...config.database,
    onChange: (state) => {
      metrics.setDatabaseUp(state.kind === 'up');
      if (state.kind === 'up') {
        onUp?.();
        logger.info({ epoch: state.epoch }, 'the database is there');
      } else if (state.kind === 'down') {
        onDown?.();
        logger.error({ err: state.error }, 'the database is gone: everything that needs it fails until it is back');
      }
    },
  });
}
