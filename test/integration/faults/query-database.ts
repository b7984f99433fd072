import pg from 'pg';

/** Runs one statement on a connection of its own, past the service. */
export async function queryDatabase(
  databaseUrl: string,
  statement: string,
  values: readonly unknown[] = [],
): Promise<readonly unknown[]> {
  const client = await connectTo(databaseUrl);
  try {
    const { rows } = await client.query(statement, [...values]);
    return rows;
  } finally {
    await client.end();
  }
}

/** Opens a connection that holds what a test wants held. */
export async function connectTo(databaseUrl: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: databaseUrl, application_name: 'test' });
  // The server may be killed under it.
  client.on('error', () => {});
  await client.connect();
  return client;
}
