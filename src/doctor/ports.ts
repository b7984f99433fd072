import type { z } from 'zod';

/** Asks PostgreSQL something. */
export type Query = (text: string, values?: readonly unknown[]) => Promise<readonly unknown[]>;

/** The way to PostgreSQL, as the service goes it. @throws UnreachableError if it does not answer */
export interface PostgresPort {
  readonly query: Query;
  /**
   * Asks several things through one connection, which nobody else uses meanwhile.
   * @param patienceMs how long to wait while the server has no connection left
   */
  session<T>(work: (query: Query) => Promise<T>, patienceMs?: number): Promise<T>;
}

/** The way to Redis. @throws UnreachableError if it does not answer, RefusedError if it says no */
export interface RedisPort {
  call(command: string, ...args: readonly (string | number)[]): Promise<unknown>;
}

/** This machine's clock, in milliseconds since 1970. */
export type Clock = () => number;

/** The first row of an answer. */
export async function firstRow<T>(
  query: Query,
  rule: z.ZodType<T>,
  text: string,
  values: readonly unknown[] = [],
): Promise<T> {
  const [row] = await query(text, values);
  return rule.parse(row);
}
