import { connect, type IncomingHttpHeaders } from 'node:http2';

export interface RawCallOptions {
  readonly path?: string;
  /** Request headers beyond the usual ones; gRPC clients would refuse to send some of them. */
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
  /** The messages, as many as the test wants. */
  readonly messages: readonly Uint8Array[];
}

export interface RawResult {
  readonly code: number;
  /** Headers and trailers together. */
  readonly metadata: IncomingHttpHeaders;
}

/** A call written on HTTP/2 by hand, for what no gRPC client would send. */
export async function rawCall(
  port: number,
  { path = '/echo.v1.EchoService/Say', headers = {}, messages }: RawCallOptions,
): Promise<RawResult> {
  const session = connect(`http://127.0.0.1:${port}`);
  try {
    const usual = { ':method': 'POST', ':path': path, 'content-type': 'application/grpc+proto', te: 'trailers' };
    const extra = Object.entries(headers).map(([name, value]) => [
      name,
      typeof value === 'string' ? value : [...value],
    ]);
    const stream = session.request({ ...usual, ...Object.fromEntries(extra) });
    for (const message of messages) {
      stream.write(framed(message));
    }
    stream.end();
    return await new Promise((resolve, reject) => {
      let metadata: IncomingHttpHeaders = {};
      stream.on('response', (received) => {
        metadata = { ...metadata, ...received };
      });
      stream.on('trailers', (received) => {
        metadata = { ...metadata, ...received };
      });
      stream.on('error', reject);
      stream.on('close', () => resolve({ code: Number(metadata['grpc-status']), metadata }));
      stream.resume();
    });
  } finally {
    session.close();
  }
}

/** Not compressed, and the length in four bytes. */
function framed(message: Uint8Array): Buffer {
  const prefix = Buffer.alloc(5);
  prefix.writeUInt32BE(message.length, 1);
  return Buffer.concat([prefix, message]);
}
