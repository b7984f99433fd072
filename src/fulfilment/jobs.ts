/** The PostgreSQL schema of the job queue (graphile-worker). */
export const JOB_SCHEMA = 'graphile_worker';

/** The kinds of jobs. */
export const tasks = { processOrder: 'process_order', cleanUp: 'clean_up' } as const;

/** What the key of the job that processes an order begins with; its id follows. At most one job of a key waits. */
export const JOB_KEY_PREFIX = 'order:';

/**
 * The queue counts how often a job is claimed. One that was claimed so often without coming to an end kills whoever runs it, and
 * is set aside.
 */
export const CLAIMS_MAX = 10;
