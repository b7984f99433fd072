import { once } from 'node:events';
import { createConnection, createServer, type Server, type Socket } from 'node:net';
import { loopback } from '../embedded/port.ts';
import type { Target } from './options.ts';

/** What is to be cut: the piece of a connection's bytes that has this text in it. */
interface Snare {
  readonly text: string;
  readonly from: 'client' | 'server';
}

interface Line {
  readonly client: Socket;
  readonly server: Socket;
}

/** The way of one channel to the service. Its connections can be cut, at once or in the middle of a call. */
export class CutProxy {
  readonly #target: Target;
  readonly #listener: Server;
  readonly #onCut: () => void;
  readonly #lines = new Set<Line>();
  readonly #snares = new Set<Snare>();

  private constructor(target: Target, onCut: () => void) {
    this.#target = target;
    this.#onCut = onCut;
    this.#listener = createServer({ noDelay: true }, (client) => this.#connect(client));
  }

  /** @param onCut told of each connection that is cut */
  static async open(target: Target, onCut: () => void): Promise<CutProxy> {
    const proxy = new CutProxy(target, onCut);
    proxy.#listener.listen(0, loopback);
    await once(proxy.#listener, 'listening');
    return proxy;
  }

  get port(): number {
    const address = this.#listener.address();
    if (address === null || typeof address === 'string') {
      throw new Error('the proxy has no port');
    }
    return address.port;
  }

  /** Cuts what is connected now. */
  cut(): void {
    for (const line of this.#lines) {
      this.#onCut();
      this.#end(line);
    }
  }

  /**
   * Cuts a connection when a text passes. From the client half of the piece is passed on, from the server none of it.
   * @returns ends the wait for it
   */
  cutAt(text: string, from: Snare['from']): () => void {
    const snare = { text, from };
    this.#snares.add(snare);
    return () => this.#snares.delete(snare);
  }

  async close(): Promise<void> {
    for (const line of this.#lines) {
      this.#end(line);
    }
    this.#listener.close();
    await once(this.#listener, 'close');
  }

  #connect(client: Socket): void {
    const server = createConnection({ ...this.#target, noDelay: true });
    const line = { client, server };
    this.#lines.add(line);
    this.#forward(line, 'client');
    this.#forward(line, 'server');
  }

  #forward(line: Line, from: Snare['from']): void {
    const [source, sink] = from === 'client' ? [line.client, line.server] : [line.server, line.client];
    source.on('data', (piece: Buffer) => {
      const snare = [...this.#snares].find((set) => set.from === from && piece.includes(set.text));
      if (snare === undefined) {
        sink.write(piece);
        return;
      }
      this.#snares.delete(snare);
      this.#onCut();
      if (from === 'client') {
        sink.end(piece.subarray(0, piece.length >> 1));
        this.#lines.delete(line);
        line.client.resetAndDestroy();
      } else {
        this.#end(line);
      }
    });
    source.on('error', () => this.#end(line)).on('close', () => this.#close(line, sink));
  }

  /** What one side has said before it closed still reaches the other. */
  #close(line: Line, sink: Socket): void {
    this.#lines.delete(line);
    sink.end();
  }

  #end(line: Line): void {
    this.#lines.delete(line);
    line.client.resetAndDestroy();
    line.server.resetAndDestroy();
  }
}
