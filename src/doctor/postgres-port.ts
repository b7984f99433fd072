import { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { Pool, type PoolClient } from 'pg';
import { connectionSettings, type OrmOptions } from '../database/orm.ts';
import { watchForSilence } from '../database/silence-guard.ts';
import { endsSession, sqlStateOf } from '../database/sql-state.ts';
import type { PostgresPort, Query } from './ports.ts';
import { UnreachableError } from './trouble.ts';

/** A few, for a server that has few left: the checks take turns. */
const CONNECTIONS = 3;

/** Whoever stands before a terminal does not want to wait for longer, whatever the service allows itself. */
const CONNECT_LIMIT_MS = 2_000;
export const STATEMENT_LIMIT_MS = 2_000;
const SILENCE_LIMIT_MS = 2_500;

/** A server that has no connection left is asked again so often, and for so long. */
const TRY_AGAIN_MS = 50;
const PATIENCE_MS = 3_000;
const TOO_MANY_CONNECTIONS = '53300';

/** The limits of the doctor's connections, made as the service makes its own. */
export function examinationLimits(config: OrmOptions): OrmOptions {
  return {
    ...config,
    connectTimeoutMs: Math.min(config.connectTimeoutMs, CONNECT_LIMIT_MS),
    statementTimeoutMs: STATEMENT_LIMIT_MS,
    silenceLimitMs: SILENCE_LIMIT_MS,
  };
}

export interface OpenPostgres extends PostgresPort {
  /** Waits for nobody. */
  close(): void;
}

/** Opens the way to PostgreSQL; no connection is made yet. */
export function openPostgres(config: OrmOptions): OpenPostgres {
  const limits = examinationLimits(config);
  const sockets = new Set<Socket>();
  const stream = () => {
    const socket = new Socket();
    sockets.add(socket);
    return socket;
  };
  const pool = new Pool({ ...connectionSettings(limits), stream, max: CONNECTIONS });
  // Whoever asks hears of it; unheard, the event would end the process, also while a check has the connection.
  const ignore = () => {};
  pool.on('error', ignore);
  pool.on('connect', (client) => {
    client.on('error', ignore);
    watchForSilence(client, limits.silenceLimitMs);
  });
  const session: PostgresPort['session'] = async (work, patienceMs = PATIENCE_MS) => {
    const client = await connect(pool, patienceMs);
    let lost = false;
    try {
      return await work(queryThrough(client));
    } catch (error) {
      lost = error instanceof UnreachableError;
      throw error;
    } finally {
      client.release(lost);
    }
  };
  return {
    session,
    query: (text, values) => session((query) => query(text, values)),
    close: () => {
      pool.end().catch(() => {});
      // A server that stands still would never answer the farewell.
      setTimeout(() => {
        for (const socket of sockets) socket.destroy();
      }, 50);
    },
  };
}

/** Where PostgreSQL has only one connection left, the checks take turns with it. */
async function connect(pool: Pool, patienceMs: number): Promise<PoolClient> {
  const endMs = performance.now() + patienceMs;
  for (;;) {
    try {
      return await pool.connect();
    } catch (error) {
      if (sqlStateOf(error) !== TOO_MANY_CONNECTIONS || performance.now() >= endMs) {
        throw new UnreachableError('PostgreSQL', error);
      }
      await sleep(TRY_AGAIN_MS);
    }
  }
}

function queryThrough(client: PoolClient): Query {
  return async (text, values = []) => {
    try {
      return (await client.query(text, [...values])).rows;
    } catch (error) {
      const state = sqlStateOf(error);
      throw state === undefined || endsSession(state) ? new UnreachableError('PostgreSQL', error) : error;
    }
  };
}
