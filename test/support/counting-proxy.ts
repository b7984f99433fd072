import { createConnection, createServer, type Socket } from 'node:net';
import { listenOnLoopback } from './listen-on-loopback.ts';

/** A way to PostgreSQL that counts what is asked. */
export interface CountingProxy extends AsyncDisposable {
  readonly port: number;
  /** How many pieces with these words have come from clients so far. */
  count(words: string): number;
}

export async function startCountingProxy(serverPort: number): Promise<CountingProxy> {
  const pieces: string[] = [];
  const sockets = new Set<Socket>();
  const keep = (socket: Socket, other: Socket) => {
    sockets.add(socket);
    socket
      .on('error', () => {})
      .on('close', () => {
        sockets.delete(socket);
        other.destroy();
      });
  };
  const proxy = createServer({ noDelay: true }, (client) => {
    const server = createConnection({ port: serverPort, host: '127.0.0.1', noDelay: true });
    keep(client, server);
    keep(server, client);
    client.on('data', (piece) => pieces.push(piece.toString('latin1')));
    client.pipe(server).pipe(client);
  });
  const port = await listenOnLoopback(proxy);
  return {
    port,
    count: (words) => pieces.filter((piece) => piece.includes(words)).length,
    [Symbol.asyncDispose]: async () => {
      proxy.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}
