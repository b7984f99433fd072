import { once } from 'node:events';
import { createServer } from 'node:net';
import { EmbeddedError, systemErrorCode } from './embedded-error.ts';

/** Every embedded server listens here and nowhere else. */
export const loopback = '127.0.0.1';

/** A port of the loopback interface that nobody uses at this moment. */
export async function findFreePort(): Promise<number> {
  return listenOnce(0);
}

/** Rejects with a sentence for the user if something listens on the port already. */
export async function requireFreePort(port: number, wantedFor: string): Promise<void> {
  try {
    await listenOnce(port);
  } catch (error) {
    if (systemErrorCode(error) !== 'EADDRINUSE') throw error;
    throw new EmbeddedError(
      'PORT_IN_USE',
      `Port ${port} on ${loopback}, wanted for ${wantedFor}, is in use by another program. ` +
        'Stop that program, or choose another port.',
      { cause: error },
    );
  }
}

async function listenOnce(port: number): Promise<number> {
  const server = createServer();
  server.listen(port, loopback);
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error(`no TCP address after listening on ${port}`);
  return address.port;
}
