import { type ClientBase, Pool } from 'pg';
import { connectionSettings, type OrmOptions } from './orm.ts';
import { watchForSilence } from './silence-guard.ts';

/** The names of the statements by which the queue ends a job (graphile-worker 0.18, sql/completeJobs and sql/failJobs). */
const ENDS_A_JOB = /^(complete|fail)_job/;

/** How many connections a worker needs: one listens; the others fetch and end jobs, each for a millisecond. */
export function jobPoolSize(concurrency: number): number {
  return 2 + Math.min(8, Math.ceil(concurrency / 4));
}

/** Told when the end of a job could not be written down. */
export type OnEndLost = (error: unknown) => void;

type Method = (...args: readonly unknown[]) => unknown;

/**
 * Connections for the job queue alone: one listens for new jobs, the others fetch and end them.
 *
 * The queue neither waits for the statements that end a job nor hears of it when they fail, which would end the process. Here they
 * never fail: `onEndLost` is told instead, for such a job stays locked by a worker that lives.
 *
 * It also gives the connection that listens back twice, if that is lost while it stops; pg would end the process for that.
 */
export function openJobPool(options: OrmOptions, size: number, onEndLost: OnEndLost): Pool {
  const pool = new Pool({ ...connectionSettings(options), max: size });
  pool.on('connect', (client) => {
    watchForSilence(client, options.silenceLimitMs);
    // A connection may be lost while the queue has it: unheard, the event would end the process.
    client.on('error', () => {});
    replace(client, 'query', (query) => hearingOfEnds(query, onEndLost));
  });
  pool.on('error', () => {});
  replace(pool, 'connect', (connect) => (onConnected, ...others) => {
    if (isMethod(onConnected)) {
      return connect(releasingOnce(onConnected), ...others);
    }
    const connection = connect(onConnected, ...others);
    return connection instanceof Promise
      ? connection.catch((error: unknown) => withoutConnection(error, onEndLost))
      : connection;
  });
  return pool;
}

/** Whoever takes a connection with a callback gets with it what gives it back; here, more than once. */
function releasingOnce(onConnected: Method): Method {
  return (error, client, release) => {
    let isReleased = false;
    const releaseOnce: Method = (...args) => {
      if (!isReleased && isMethod(release)) {
        isReleased = true;
        release(...args);
      }
    };
    onConnected(error, client, releaseOnce);
  };
}

function isMethod(value: unknown): value is Method {
  return typeof value === 'function';
}

function hearingOfEnds(query: Method, onEndLost: OnEndLost): Method {
  return (...args) => {
    const result = query(...args);
    if (!endsAJob(args[0]) || !(result instanceof Promise)) {
      return result;
    }
    return result.catch((error: unknown) => {
      onEndLost(error);
      return { rows: [] };
    });
  };
}

function endsAJob(query: unknown): boolean {
  return typeof query === 'object' && query !== null && 'name' in query && ENDS_A_JOB.test(String(query.name));
}

/**
 * What the queue gets where there is no connection: each query fails, and ends are heard of. The error has no code, for by some of them
 * the queue would wait for minutes, and a stop with it.
 */
function withoutConnection(cause: unknown, onEndLost: OnEndLost) {
  const fail = async () => {
    throw new Error('there is no connection for the queue', { cause });
  };
  return { query: hearingOfEnds(fail, onEndLost), release: () => {} };
}

function replace(target: ClientBase | Pool, name: 'query' | 'connect', by: (method: Method) => Method): void {
  const method: unknown = Reflect.get(target, name);
  if (!isMethod(method)) {
    throw new TypeError(`pg has no ${name} that could be watched`);
  }
  Object.defineProperty(target, name, { value: by((...args) => Reflect.apply(method, target, args)) });
}
