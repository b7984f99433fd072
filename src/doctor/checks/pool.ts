import { z } from 'zod';
import { jobPoolSize } from '../../database/job-pool.ts';
import { firstRow, type PostgresPort } from '../ports.ts';
import { fault, ok, type Remark, warning } from '../remark.ts';

const rowRule = z.object({ used: z.coerce.number(), allowed: z.coerce.number(), workers: z.coerce.number() });

/** Connections of a process beside its pools: one for the heartbeat, one for the lead of the events. */
const BESIDE_THE_POOLS = 2;

/** With less than a tenth free, one restart that opens new connections before the old are gone finds none. */
const NEARLY_FULL = 0.9;

export interface PoolOptions {
  readonly poolSize: number;
  readonly concurrency: number;
  readonly deadAfterMs: number;
}

/** Whether PostgreSQL has connections enough for all processes of the service. */
export async function checkPool(
  postgres: PostgresPort,
  { poolSize, concurrency, deadAfterMs }: PoolOptions,
): Promise<Remark> {
  const { used, allowed, workers } = await firstRow(
    postgres.query,
    rowRule,
    `select (select sum(numbackends) from pg_stat_database) as used,
       current_setting('max_connections')::integer - current_setting('superuser_reserved_connections')::integer
         - coalesce(current_setting('reserved_connections', true)::integer, 0) as allowed,
       (select count(distinct (host, process_id)) from workers where heartbeat_at >= now() - $1 * interval '1 millisecond') as workers`,
    [deadAfterMs],
  );
  const perProcess = poolSize + jobPoolSize(concurrency) + BESIDE_THE_POOLS;
  const processes = Math.max(1, workers);
  const wanted = perProcess * processes;
  const facts = { used, allowed, perProcess, processes, wanted };
  const text = `${used} of ${allowed} connections are in use`;
  if (used >= allowed * NEARLY_FULL) {
    return fault(text, 'raise max_connections, lower DATABASE_POOL_SIZE, or end what holds them', facts);
  }
  return wanted <= allowed
    ? ok(`${text}; we take up to ${wanted}`, facts)
    : warning(
        `${processes} × ${perProcess} connections of ours do not fit in ${allowed}`,
        'raise max_connections, lower DATABASE_POOL_SIZE, or run fewer processes',
        facts,
      );
}
