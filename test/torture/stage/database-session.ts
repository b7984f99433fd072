import { Client } from 'pg';

/** A session with the database, past all proxies, for as long as something is done in it. */
export async function withDatabase<Result>(url: string, work: (client: Client) => Promise<Result>): Promise<Result> {
  const client = new Client({ connectionString: url });
  // Unheard, the event would end the process; the next query fails with it.
  client.on('error', () => {});
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}
