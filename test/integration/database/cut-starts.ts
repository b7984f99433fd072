import { createConnection, createServer, type Socket } from 'node:net';
import { pino } from 'pino';
import { serve } from '../../../src/commands/serve.ts';
import { startService } from '../../../src/service.ts';
import { listenOnLoopback } from '../../support/listen-on-loopback.ts';
import { testConfig } from '../../support/test-config.ts';

// Starts the service again and again, each time with a connection to PostgreSQL that is lost a little later, and prints as JSON for each
// start whether it lost one. A program of its own, because Jest has an Error of its own, which the errors of sockets are none of.

/** Where the services of a batch start, each on a database of its own: they would wait for each other's migrations. */
const [urls = '', loss] = process.argv.slice(2);
const databaseUrls = urls.split(',');

/** What becomes of a connection: it is reset, or nothing is heard on it any more, not even a goodbye. */
const isDeaf = loss === 'deaf';

/** More than PostgreSQL says while a service starts, also slowly: its heart beats meanwhile. */
const ANSWERS_MAX = 42;

/** A connection is given up soon. */
const settings = {
  DATABASE_CONNECT_TIMEOUT_MS: '800',
  DATABASE_LOCK_TIMEOUT_MS: '250',
  DATABASE_STATEMENT_TIMEOUT_MS: '500',
  DATABASE_SILENCE_LIMIT_MS: '800',
  DATABASE_IDLE_IN_TRANSACTION_TIMEOUT_MS: '800',
};

interface CuttingProxy extends AsyncDisposable {
  readonly port: number;
  hasCut(): boolean;
}

/** A way to PostgreSQL on which one connection is lost as soon as so many answers have reached us, on whichever connections. */
async function startCuttingProxy(databaseUrl: string, answers: number): Promise<CuttingProxy> {
  let heard = 0;
  const sockets = new Set<Socket>();
  const proxy = createServer({ noDelay: true, allowHalfOpen: true }, (client) => {
    const server = createConnection({ port: Number(new URL(databaseUrl).port), host: '127.0.0.1', noDelay: true });
    for (const [socket, other] of [[client, server] as const, [server, client] as const]) {
      sockets.add(socket);
      socket.on('error', () => {}).on('close', () => other.destroy());
    }
    client.pipe(server);
    server.on('data', (piece) => {
      heard += 1;
      const isLast = heard === answers;
      client.write(piece, () => {
        if (isLast && isDeaf) {
          client.unpipe(server).resume();
          server.removeAllListeners('data').resume();
        } else if (isLast) {
          client.resetAndDestroy();
        }
      });
    });
    server.on('end', () => client.end());
  });
  const port = await listenOnLoopback(proxy);
  return {
    port,
    hasCut: () => heard >= answers,
    [Symbol.asyncDispose]: async () => {
      proxy.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

/** Starts a service as `serve` does, and stops it when it takes calls. @returns whether it lost a connection meanwhile */
async function startAmidLoss(databaseUrl: string, answers: number): Promise<boolean> {
  await using proxy = await startCuttingProxy(databaseUrl, answers);
  const url = new URL(databaseUrl);
  url.port = String(proxy.port);
  const ready = Promise.withResolvers<void>();
  let hasCut = false;
  await serve({
    config: testConfig({ databaseUrl: url.href }, settings),
    logger: pino({ level: 'silent' }),
    start: startService,
    onReady: () => {
      hasCut = proxy.hasCut();
      ready.resolve();
    },
    stopped: ready.promise,
  });
  return hasCut;
}

const losses: boolean[] = [];
for (let answers = 1; answers <= ANSWERS_MAX; answers += databaseUrls.length) {
  losses.push(...(await Promise.all(databaseUrls.map((url, index) => startAmidLoss(url, answers + index)))));
}
process.stdout.write(JSON.stringify(losses));
