import { once } from 'node:events';
import {
  Metadata,
  type MethodDefinition,
  Server,
  ServerCredentials,
  type ServerUnaryCall,
  type sendUnaryData,
} from '@grpc/grpc-js';
import { loopback } from '../../../src/embedded/port.ts';
import { DuplicatingProxy } from '../../torture/stage/duplicating-proxy.ts';

const keep = (bytes: Buffer) => bytes;

/** A unary call whose messages are the bytes that they are. */
export const say: MethodDefinition<Buffer, Buffer> = {
  path: '/test.v1.TestService/Say',
  requestStream: false,
  responseStream: false,
  requestSerialize: keep,
  requestDeserialize: keep,
  responseSerialize: keep,
  responseDeserialize: keep,
};

export type Handle = (call: ServerUnaryCall<Buffer, Buffer>, callback: sendUnaryData<Buffer>) => void;

/** A server that does what the test wants, and keeps what it was asked. */
export interface TinyServer {
  readonly name: string;
  readonly port: number;
  readonly asked: readonly ServerUnaryCall<Buffer, Buffer>[];
  handle: Handle;
  /** Resolves when it has been asked so often. */
  wasAsked(times: number): Promise<void>;
  /** Ends it and its connections at once. */
  kill(): void;
}

export function answered(name: string): Handle {
  return (call, callback) => {
    const headers = new Metadata();
    headers.set('answered-by', name);
    headers.set('head-bin', Buffer.from([0, 255, 10]));
    call.sendMetadata(headers);
    const trailers = new Metadata();
    trailers.set('ended-by', name);
    trailers.set('tail-bin', Buffer.from([13, 0, 254]));
    callback(null, Buffer.concat([Buffer.from(`${name} `), call.request]), trailers);
  };
}

async function startTinyServer(name: string): Promise<TinyServer> {
  const server = new Server();
  const asked: ServerUnaryCall<Buffer, Buffer>[] = [];
  const arrivals = new EventTarget();
  server.addService(
    { say },
    {
      say: (call: ServerUnaryCall<Buffer, Buffer>, callback: sendUnaryData<Buffer>) => {
        asked.push(call);
        arrivals.dispatchEvent(new Event('asked'));
        started.handle(call, callback);
      },
    },
  );
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync(`${loopback}:0`, ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    );
  });
  const started: TinyServer = {
    name,
    port,
    asked,
    handle: answered(name),
    wasAsked: async (times) => {
      while (asked.length < times) {
        await once(arrivals, 'asked');
      }
    },
    kill: () => server.forceShutdown(),
  };
  return started;
}

/** Two servers and the proxy that asks both. */
export interface TwoServers extends AsyncDisposable {
  readonly one: TinyServer;
  readonly other: TinyServer;
  readonly port: number;
}

export async function startTwoServers(): Promise<TwoServers> {
  const [one, other] = [await startTinyServer('one'), await startTinyServer('other')];
  const proxy = await DuplicatingProxy.open(() => [one.port, other.port]);
  return {
    one,
    other,
    port: proxy.port,
    [Symbol.asyncDispose]: async () => {
      await proxy[Symbol.asyncDispose]();
      one.kill();
      other.kill();
    },
  };
}
