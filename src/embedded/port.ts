import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { EmbeddedError, systemErrorCode } from './embedded-error.ts';

/** Every embedded server listens here and nowhere else. */
export const loopback = '127.0.0.1';

/** Below those that Linux (from 32768) and macOS (from 49152) give to connections, which would take it before it is used. */
const PORTS = { min: 20_000, max: 32_767 } as const;
const TRIES_MAX = 100;

/** A port of the loopback interface that nobody uses at this moment. */
export async function findFreePort(): Promise<number> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await listenOnce(randomInt(PORTS.min, PORTS.max + 1));
    } catch (error) {
      if (systemErrorCode(error) !== 'EADDRINUSE' || tries === TRIES_MAX) throw error;
    }
  }
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
