import type { PostgresPort, Query, RedisPort } from '../../../src/doctor/ports.ts';

/** A PostgreSQL that gives one row to every question. */
export function postgresWith(row: Readonly<Record<string, unknown>>): PostgresPort {
  const query: Query = async () => [row];
  return { query, session: (work) => work(query) };
}

/** A Redis that gives these answers, by the name of the command. */
export function redisWith(answers: Readonly<Record<string, unknown>>): RedisPort {
  return { call: async (command) => answers[command] };
}
