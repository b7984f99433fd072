import { Client } from 'pg';
import { connectionSettings, type OrmOptions } from './orm.ts';
import { watchForSilence } from './silence-guard.ts';

export interface ConnectOptions extends OrmOptions {
  /** The server ends the session if it is not used for so long. */
  readonly idleSessionTimeoutMs?: number;
}

/**
 * Opens a connection of its own, beside the pool, for what belongs to a session. A connection that is lost fails the query that is
 * under way, or the next one.
 */
export async function connect({ idleSessionTimeoutMs, ...options }: ConnectOptions): Promise<Client> {
  const client = new Client(connectionSettings(options));
  // Unheard, the event would end the process.
  client.on('error', () => {});
  await client.connect();
  watchForSilence(client, options.silenceLimitMs);
  if (idleSessionTimeoutMs !== undefined) {
    await client.query(`set idle_session_timeout = ${idleSessionTimeoutMs}`);
  }
  return client;
}
