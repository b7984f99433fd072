import { once } from 'node:events';
import { createServer } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { Server, ServerCredentials } from '@grpc/grpc-js';
import { listenOnLoopback } from '../../support/listen-on-loopback.ts';

/** A collector of OpenTelemetry, and the messages that it was sent, in protobuf: names and texts stand in it as they are. */
export interface Collector extends AsyncDisposable {
  readonly url: string;
  readonly received: readonly Buffer[];
}

export async function startHttpCollector(path: string): Promise<Collector> {
  const received: Buffer[] = [];
  const server = createServer((request, response) => {
    void buffer(request).then((body) => {
      if (request.url === path && request.headers['content-type'] === 'application/x-protobuf') {
        received.push(body);
      }
      response.end();
    });
  });
  const port = await listenOnLoopback(server);
  return {
    url: `http://127.0.0.1:${port}`,
    received,
    [Symbol.asyncDispose]: async () => {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

export async function startGrpcCollector(path: string): Promise<Collector> {
  const received: Buffer[] = [];
  const asItIs = (bytes: Buffer) => bytes;
  const server = new Server();
  server.addService(
    {
      Export: {
        path,
        requestStream: false,
        responseStream: false,
        requestSerialize: asItIs,
        requestDeserialize: asItIs,
        responseSerialize: asItIs,
        responseDeserialize: asItIs,
      },
    },
    {
      Export: (call: { readonly request: Buffer }, answer: (error: null, response: Buffer) => void) => {
        received.push(call.request);
        answer(null, Buffer.alloc(0));
      },
    },
  );
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    );
  });
  return { url: `http://127.0.0.1:${port}`, received, [Symbol.asyncDispose]: async () => server.forceShutdown() };
}
