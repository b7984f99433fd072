import { createConnection, createServer, type Socket } from 'node:net';
import { listenOnLoopback } from '../../support/listen-on-loopback.ts';

/** A way to PostgreSQL on which a connection dies right behind an error: what the client would send or hear next is lost. */
export interface ErrorThenCut extends AsyncDisposable {
  readonly port: number;
  /** The next error with this SQLSTATE is the last that its connection hears. Resolves when it was cut. */
  cutBehind(sqlState: string): Promise<void>;
}

export async function startErrorThenCut(serverPort: number): Promise<ErrorThenCut> {
  const sockets = new Set<Socket>();
  let awaited: { readonly mark: string; readonly onCut: () => void } | undefined;
  const proxy = createServer({ noDelay: true }, (client) => {
    const server = createConnection({ port: serverPort, host: '127.0.0.1', noDelay: true });
    for (const socket of [client, server]) {
      sockets.add(socket);
      socket.on('error', () => {}).on('close', () => sockets.delete(socket));
    }
    client.on('close', () => server.destroy()).pipe(server);
    server.on('close', () => client.destroy());
    server.on('data', (piece: Buffer) => {
      const { mark, onCut } = awaited ?? {};
      // An error begins its message, or stands behind a few bytes of the parse.
      const end = mark === undefined || !piece.includes(mark, 0, 'latin1') ? undefined : endOfError(piece);
      if (end === undefined) {
        client.write(piece);
        return;
      }
      awaited = undefined;
      client.write(piece.subarray(0, end), () => {
        client.destroySoon();
        server.resetAndDestroy();
        onCut?.();
      });
    });
  });
  const port = await listenOnLoopback(proxy);
  return {
    port,
    cutBehind: (sqlState) => {
      const cut = Promise.withResolvers<void>();
      awaited = { mark: `C${sqlState}\0`, onCut: cut.resolve };
      return cut.promise;
    },
    [Symbol.asyncDispose]: async () => {
      proxy.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

/** Where the first ErrorResponse of a piece ends: each message has its kind in one byte, then its length in four. */
function endOfError(piece: Buffer): number | undefined {
  for (let at = 0; at + 5 <= piece.length; at += 1 + piece.readInt32BE(at + 1)) {
    if (piece[at] === 'E'.charCodeAt(0)) return at + 1 + piece.readInt32BE(at + 1);
  }
  return undefined;
}
