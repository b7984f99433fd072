import { Pool } from 'pg';
import { connectionSettings, type OrmOptions } from './orm.ts';
import { watchForSilence } from './silence-guard.ts';

/**
 * Connections for the job queue alone: one listens for new jobs, the others fetch and finish them. The queue hears of connections
 * that are lost.
 */
export function openJobPool(options: OrmOptions, size: number): Pool {
  const pool = new Pool({ ...connectionSettings(options), max: size });
  pool.on('connect', (client) => watchForSilence(client, options.silenceLimitMs));
  pool.on('error', () => {});
  return pool;
}
