import { constants, type IncomingHttpHeaders, type ServerHttp2Stream } from 'node:http2';
import { Server as NetServer } from 'node:net';
import { Duplex } from 'node:stream';
import type { Server, ServerInterceptingCallInterface } from '@grpc/grpc-js';

// What @grpc/grpc-js 1.14 has no option for, and keeps in fields that its types call private. Nothing else in this house
// reaches for them; tests with real clients hold all three against the installed version.

/** The longest time for which a timer can be set: 2^31 - 1 ms, 24.8 days. */
const TIMER_MS_MAX = 2_147_483_647;
const TIMEOUT_HEADER = 'grpc-timeout';
/** As grpc-js reads it: wherever it stands in the header. */
const TIMEOUT_PATTERN = /(\d{1,8})\s*([HMSmun])/;
const unitsMs: Readonly<Record<string, number>> = { H: 3_600_000, M: 60_000, S: 1_000 };

/** What a call is sent by. */
export interface CallStream {
  isClosed(): boolean;
  /** @param listener called once, when nothing of the call is held any more: all of it was sent, or it was reset */
  onClose(listener: () => void): void;
  /** Resets it, with whatever was not yet sent. The client sees RESOURCE_EXHAUSTED, unless it has read a status. */
  reset(): void;
}

/** @param call as the outermost interceptor has it */
export function streamOf(call: ServerInterceptingCallInterface): CallStream {
  const stream: unknown = Reflect.get(call, 'stream');
  if (!isHttp2Stream(stream)) {
    throw movedError('its HTTP/2 streams');
  }
  return {
    isClosed: () => stream.destroyed,
    onClose: (listener) => void stream.once('close', listener),
    reset: () => stream.close(constants.NGHTTP2_ENHANCE_YOUR_CALM),
  };
}

function isHttp2Stream(value: unknown): value is ServerHttp2Stream {
  return value instanceof Duplex && 'rstCode' in value && 'close' in value;
}

/**
 * Bounds the connections of a server that listens: those over the limit are closed as soon as they are opened.
 * @param onRefused called for each of them
 */
export function limitConnections(server: Server, connectionsMax: number, onRefused: () => void): void {
  for (const http2Server of http2ServersOf(server)) {
    http2Server.maxConnections = connectionsMax;
    http2Server.on('drop', onRefused);
  }
}

/**
 * Cuts deadlines to the longest time that a timer can be set for. grpc-js lets longer ones overflow, and ends calls that have
 * months to go at once.
 */
export function cutDeadlines(server: Server): void {
  for (const http2Server of http2ServersOf(server)) {
    // Before the listener of grpc-js, which reads the headers.
    http2Server.prependListener('stream', (_stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => {
      const timeout = headers[TIMEOUT_HEADER];
      if (typeof timeout === 'string') {
        headers[TIMEOUT_HEADER] = cutTimeout(timeout);
      }
    });
  }
}

/** @param timeout as gRPC writes it: up to eight digits and a unit */
export function cutTimeout(timeout: string): string {
  const [, digits, unit = ''] = TIMEOUT_PATTERN.exec(timeout) ?? [];
  const timeoutMs = Number(digits) * (unitsMs[unit] ?? 0);
  return timeoutMs > TIMER_MS_MAX ? `${Math.floor(TIMER_MS_MAX / 1_000)}S` : timeout;
}

function http2ServersOf(server: Server): NetServer[] {
  const servers: unknown = Reflect.get(server, 'http2Servers');
  const found = servers instanceof Map ? [...servers.keys()].filter((key) => key instanceof NetServer) : [];
  if (found.length === 0) {
    throw movedError('its HTTP/2 servers');
  }
  return found;
}

function movedError(what: string): Error {
  return new Error(`this version of @grpc/grpc-js keeps ${what} elsewhere: see src/transport/grpc-internals.ts`);
}
