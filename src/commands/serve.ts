import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { ConfigWith } from '../config/config.ts';
import { isAway, sqlStateOf } from '../database/sql-state.ts';
import { runMigrations } from './migrate.ts';
import { isSelfExplanatory } from './self-explanatory.ts';

/** Something that runs until it is stopped: the service, or a worker alone. */
interface Running {
  stop(): Promise<void>;
}

export interface ServeOptions<Started extends Running> {
  readonly config: ConfigWith<'database'>;
  readonly logger: Logger;
  /** Starts what is to run, on a database that has been migrated. */
  readonly start: (parts: { readonly config: ConfigWith<'database'>; readonly logger: Logger }) => Promise<Started>;
  /** Called when it runs. */
  readonly onReady?: (started: Started) => void;
  /** Ends it: a signal has come, or, if it rejects, something has gone that it cannot do without. */
  readonly stopped: Promise<unknown>;
}

const DATABASE_RETRY_MS = 2_000;

/** Migrates, runs until it is stopped, drains. Waits for a database that is not there yet. */
export async function serve<Started extends Running>(options: ServeOptions<Started>): Promise<void> {
  const { logger, onReady, stopped } = options;
  const stopping = new AbortController();
  const abort = () => stopping.abort();
  stopped.then(abort, abort);
  const started = await startWhenPossible(options, stopping.signal);
  if (started !== undefined) {
    onReady?.(started);
    try {
      await stopped;
    } finally {
      await started.stop();
    }
    logger.info('stopped');
  }
  // Rejects if it was no signal that ended it.
  await stopped;
}

async function startWhenPossible<Started extends Running>(
  { config, logger, start }: ServeOptions<Started>,
  stopping: AbortSignal,
): Promise<Started | undefined> {
  while (!stopping.aborted) {
    try {
      await runMigrations(config, logger);
      return stopping.aborted ? undefined : await start({ config, logger });
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

/** Connections that are refused, time out or are cut. */
const notThereYetCodes: ReadonlySet<unknown> = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ETIMEDOUT',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EPIPE',
]);

function isNotThereYet(error: unknown): boolean {
  if (!(error instanceof Error) || isSelfExplanatory(error)) {
    return false;
  }
  if (isNotThereYet(error.cause)) {
    return true;
  }
  const state = sqlStateOf(error);
  const isUnavailable = 'reason' in error && error.reason === 'DATABASE_UNAVAILABLE';
  return (
    isUnavailable ||
    (state !== undefined && isAway(state)) ||
    ('code' in error && notThereYetCodes.has(error.code)) ||
    /timeout expired|terminated|not queryable/i.test(error.message)
  );
}
