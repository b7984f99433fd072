import { once } from 'node:events';
import type { IncomingHttpHeaders } from 'node:http2';
import { type ClientHttp2Session, connect, createServer, type Http2Server, type ServerHttp2Stream } from 'node:http2';
import { loopback } from '../../../src/embedded/port.ts';

/**
 * A proxy between callers and two servers that sends every unary call to both at once, and passes on the first answer: what a mesh
 * that retries too eagerly does.
 */
export class DuplicatingProxy implements AsyncDisposable {
  readonly #server: Http2Server;
  readonly #ports: () => readonly number[];
  readonly #sessions = new Map<number, ClientHttp2Session>();

  private constructor(ports: () => readonly number[]) {
    this.#ports = ports;
    this.#server = createServer();
    this.#server.on('session', (session) => void session.on('error', () => {}));
    this.#server.on('stream', (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => {
      stream.on('error', () => {});
      void this.#double(stream, headers);
    });
  }

  /** @param ports where a call is to go; asked anew for each */
  static async open(ports: () => readonly number[]): Promise<DuplicatingProxy> {
    const proxy = new DuplicatingProxy(ports);
    proxy.#server.listen(0, loopback);
    await once(proxy.#server, 'listening');
    return proxy;
  }

  get port(): number {
    const address = this.#server.address();
    if (address === null || typeof address === 'string') {
      throw new Error('the proxy has no port');
    }
    return address.port;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const session of this.#sessions.values()) {
      session.destroy();
    }
    this.#server.close();
  }

  async #double(stream: ServerHttp2Stream, headers: IncomingHttpHeaders): Promise<void> {
    const pieces: Buffer[] = [];
    stream.on('data', (piece: Buffer) => pieces.push(piece));
    await once(stream, 'end').catch(() => {});
    if (stream.destroyed) {
      return;
    }
    const body = Buffer.concat(pieces);
    const answers = this.#ports().map((port) => this.#ask(port, headers, body));
    try {
      const answer = await Promise.any(answers);
      if (isOpen(stream)) {
        relay(stream, answer);
      }
    } catch {
      // As proxies do when nobody behind them answers.
      if (isOpen(stream)) {
        stream.respond(
          { ':status': 200, 'content-type': 'application/grpc', 'grpc-status': '14' },
          { endStream: true },
        );
      }
    }
  }

  /** One server's whole answer. */
  async #ask(port: number, headers: IncomingHttpHeaders, body: Buffer): Promise<Answer> {
    const request = this.#session(port).request(headers);
    const closed = once(request, 'close');
    const pieces: Buffer[] = [];
    const answer: { head?: IncomingHttpHeaders; trailers?: IncomingHttpHeaders } = {};
    request.on('response', (head) => {
      answer.head = head;
    });
    request.on('trailers', (trailers) => {
      answer.trailers = trailers;
    });
    request.on('data', (piece: Buffer) => pieces.push(piece)).on('error', () => {});
    request.end(body);
    await closed;
    const { head, trailers } = answer;
    if (head === undefined || (trailers === undefined && head['grpc-status'] === undefined)) {
      throw new Error(`the server at port ${port} gave no whole answer`);
    }
    return { head, trailers, body: Buffer.concat(pieces) };
  }

  #session(port: number): ClientHttp2Session {
    const known = this.#sessions.get(port);
    if (known !== undefined && !known.destroyed && !known.closed) {
      return known;
    }
    const session = connect(`http://${loopback}:${port}`);
    session.on('error', () => {});
    this.#sessions.set(port, session);
    return session;
  }
}

interface Answer {
  readonly head: IncomingHttpHeaders;
  /** Undefined if the head has the status. */
  readonly trailers: IncomingHttpHeaders | undefined;
  readonly body: Buffer;
}

function isOpen(stream: ServerHttp2Stream): boolean {
  return !(stream.destroyed || stream.closed);
}

function relay(stream: ServerHttp2Stream, { head, trailers, body }: Answer): void {
  if (trailers === undefined) {
    stream.respond(head, { endStream: true });
    return;
  }
  stream.respond(head, { waitForTrailers: true });
  stream.once('wantTrailers', () => stream.sendTrailers(trailers));
  stream.end(body);
}
