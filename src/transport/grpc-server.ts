import { setTimeout as sleep } from 'node:timers/promises';
import { Server, ServerCredentials, type ServerInterceptor } from '@grpc/grpc-js';
import type { CallLimits } from './call-limits.ts';
import { cutDeadlines, limitConnections } from './grpc-internals.ts';

export interface GrpcServerOptions {
  readonly maxRequestBytes: number;
  readonly maxResponseBytes: number;
  readonly maxStreamsPerConnection: number;
  readonly keepaliveTimeMs: number;
  readonly keepaliveTimeoutMs: number;
  readonly maxConnectionIdleMs: number;
  /** From the wire inwards. */
  readonly interceptors: readonly ServerInterceptor[];
}

/** Makes the server, with every limit of the transport set on purpose. */
export function createGrpcServer(options: GrpcServerOptions): Server {
  return new Server({
    interceptors: [...options.interceptors],
    'grpc.max_receive_message_length': options.maxRequestBytes,
    'grpc.max_send_message_length': options.maxResponseBytes,
    'grpc.max_concurrent_streams': options.maxStreamsPerConnection,
    // A connection that has gone without a word is found by pings, and one that nobody uses is closed.
    'grpc.keepalive_time_ms': options.keepaliveTimeMs,
    'grpc.keepalive_timeout_ms': options.keepaliveTimeoutMs,
    'grpc.max_connection_idle_ms': options.maxConnectionIdleMs,
  });
}

/** Calls cannot be taken where they should be. */
export class ListenError extends Error {
  override readonly name = 'ListenError';
}

export interface ListenOptions {
  /** More connections than this are closed as soon as they are opened. */
  readonly maxConnections: number;
  /** Called for each of those. */
  readonly onConnectionRefused?: () => void;
}

/** Starts to take calls. @returns the port, also where 0 was asked for. @throws ListenError, which names the address */
export async function listen(server: Server, authority: string, options: ListenOptions): Promise<number> {
  const port = await bind(server, authority);
  limitConnections(server, options.maxConnections, options.onConnectionRefused ?? (() => {}));
  cutDeadlines(server);
  return port;
}

async function bind(server: Server, authority: string): Promise<number> {
  return await new Promise((resolve, reject) => {
    server.bindAsync(authority, ServerCredentials.createInsecure(), (error, port) => {
      if (error === null) {
        resolve(port);
      } else {
        const message = `Calls cannot be taken at ${authority}: ${error.message}. Is the port in use? Choose another with GRPC_LISTEN.`;
        reject(new ListenError(message, { cause: error }));
      }
    });
  });
}

/** For the last statuses to be sent. */
const FAREWELL_MS = 500;

/**
 * Takes no new calls, lets running ones end, and cuts those that have not after a limit.
 * @returns whether any had to be cut
 */
export async function drain(server: Server, limits: CallLimits, drainLimitMs: number): Promise<boolean> {
  const ended = new Promise<boolean>((resolve) => server.tryShutdown(() => resolve(false)));
  limits.endStreams();
  const cut = Promise.withResolvers<boolean>();
  const timer = setTimeout(() => cut.resolve(true), drainLimitMs);
  const wasCut = await Promise.race([ended, cut.promise]);
  clearTimeout(timer);
  if (wasCut) {
    limits.endCalls();
    await Promise.race([ended, sleep(FAREWELL_MS)]);
  }
  server.forceShutdown();
  return wasCut;
}
