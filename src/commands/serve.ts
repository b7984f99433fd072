import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { ConfigWith } from '../config/config.ts';
import { type Service, startService } from '../service.ts';
import { runMigrations } from './migrate.ts';

export interface ServeOptions {
  readonly config: ConfigWith<'database'>;
  readonly logger: Logger;
  /** Called when calls are taken. */
  readonly onReady?: (service: Service) => void;
  /** Ends the service: a signal has come, or, if it rejects, something has gone that the service cannot do without. */
  readonly stopped: Promise<unknown>;
}

const DATABASE_RETRY_MS = 2_000;

/** Migrates, serves until it is stopped, drains. Waits for a database that is not there yet. */
export async function serve({ config, logger, onReady, stopped }: ServeOptions): Promise<void> {
  const stopping = new AbortController();
  const abort = () => stopping.abort();
  stopped.then(abort, abort);
  const service = await startWhenPossible(config, logger, stopping.signal);
  if (service !== undefined) {
    onReady?.(service);
    try {
      await stopped;
    } finally {
      await service.stop();
    }
    logger.info('stopped');
  }
  // Rejects if it was no signal that ended it.
  await stopped;
}

async function startWhenPossible(
  config: ConfigWith<'database'>,
  logger: Logger,
  stopping: AbortSignal,
): Promise<Service | undefined> {
  while (!stopping.aborted) {
    try {
      await runMigrations(config, logger);
      return stopping.aborted ? undefined : await startService({ config, logger });
    } catch (error) {
      if (!isNotThereYet(error)) {
        throw error;
      }
      logger.warn({ err: error }, `the database cannot be reached yet: next try in ${DATABASE_RETRY_MS / 1_000} s`);
      await sleepUnlessStopping(DATABASE_RETRY_MS, stopping);
    }
  }
  return undefined;
}

async function sleepUnlessStopping(delayMs: number, stopping: AbortSignal): Promise<void> {
  try {
    await sleep(delayMs, undefined, { signal: stopping });
  } catch (error) {
    if (!stopping.aborted) {
      throw error;
    }
  }
}

/** Connections that are refused, time out or are cut, and a server that is starting up or full (SQLSTATE 57P03, 53300). */
const notThereYetCodes: ReadonlySet<unknown> = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ETIMEDOUT',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EPIPE',
  '57P03',
  '53300',
]);

function isNotThereYet(error: unknown): boolean {
  if (!(error instanceof Error)) {
    return false;
  }
  const isUnavailable = 'reason' in error && error.reason === 'DATABASE_UNAVAILABLE';
  return (
    isUnavailable ||
    ('code' in error && notThereYetCodes.has(error.code)) ||
    /timeout expired|terminated/i.test(error.message)
  );
}
