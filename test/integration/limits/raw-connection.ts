import { once } from 'node:events';
import { type ClientHttp2Session, type ClientHttp2Stream, connect, type IncomingHttpHeaders } from 'node:http2';
import { Metadata } from '@grpc/grpc-js';
import type { ErrorInfo } from '../../../src/generated/google/rpc/error_details.ts';
import { decodeDetails } from '../../support/unary-call.ts';

/** A connection written by hand, for what no gRPC client would do. */
export interface RawConnection extends Disposable {
  readonly session: ClientHttp2Session;
  /** Begins a call; nothing is sent behind its headers. */
  open(path: string, headers?: Readonly<Record<string, string>>): ClientHttp2Stream;
  /** Makes a unary call. */
  call(path: string, message: Uint8Array, headers?: Readonly<Record<string, string>>): Promise<RawEnd>;
}

/** How a call ended. */
export interface RawEnd {
  /** The gRPC status; NaN if there was none. */
  readonly code: number;
  readonly headers: IncomingHttpHeaders;
  readonly errorInfo: ErrorInfo | undefined;
  /** The bytes of the answer. */
  readonly bytes: number;
  /** The code of RST_STREAM; 0 if the stream was not reset. */
  readonly resetCode: number;
}

/** @param windowBytes how much the server may send without its being read: for each stream, and for the connection at least 64 KiB */
export async function openRawConnection(port: number, windowBytes = 65_535): Promise<RawConnection> {
  const session = connect(`http://127.0.0.1:${port}`, {
    settings: { initialWindowSize: windowBytes },
    // Also what the server will not take.
    maxSendHeaderBlockLength: Number.MAX_SAFE_INTEGER,
  });
  // Connections that are closed by the server are what some tests are about.
  session.on('error', () => {});
  await once(session, 'remoteSettings');
  if (windowBytes > 65_535) {
    session.setLocalWindowSize(windowBytes);
  }
  const open = (path: string, headers = {}) => {
    const usual = { ':method': 'POST', ':path': path, 'content-type': 'application/grpc+proto', te: 'trailers' };
    const stream = session.request({ ...usual, ...headers });
    stream.on('error', () => {});
    return stream;
  };
  return {
    session,
    open,
    call: (path, message, headers) => {
      const stream = open(path, headers);
      stream.end(framed(message));
      return rawEnd(stream);
    },
    [Symbol.dispose]: () => session.destroy(),
  };
}

/** Reads a call to its end. */
export function rawEnd(stream: ClientHttp2Stream): Promise<RawEnd> {
  let headers: IncomingHttpHeaders = {};
  let bytes = 0;
  const collect = (received: IncomingHttpHeaders) => {
    headers = { ...headers, ...received };
  };
  stream.on('response', collect).on('trailers', collect);
  stream.on('data', (piece: Buffer) => {
    bytes += piece.length;
  });
  return new Promise((resolve) => {
    stream.on('close', () => {
      const { errorInfo } = decodeDetails(Metadata.fromHttp2Headers(headers));
      resolve({ code: Number(headers['grpc-status']), headers, errorInfo, bytes, resetCode: stream.rstCode ?? 0 });
    });
  });
}

/** A message as gRPC frames it: not compressed, and its length in four bytes. */
export function framed(message: Uint8Array): Buffer {
  const prefix = Buffer.alloc(5);
  prefix.writeUInt32BE(message.length, 1);
  return Buffer.concat([prefix, message]);
}
