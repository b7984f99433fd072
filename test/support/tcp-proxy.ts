import { once } from 'node:events';
import { createConnection, createServer, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { listenOnLoopback } from './listen-on-loopback.ts';

/** Whose bytes: those of the client that connected, or those of the server behind. */
export type Side = 'client' | 'server';

/** Bytes of one side, as text in latin1. */
export interface Passage {
  readonly from: Side;
  readonly bytes: string;
}

/** A way to a server that can be made slow, deaf, or cut off in the middle of a sentence. */
export interface TcpProxy extends AsyncDisposable {
  readonly port: number;
  /** Leads new connections to another server from now on. */
  leadTo(serverPort: number): void;
  /** Resets all connections. */
  cut(): void;
  /** From now on everything is under way for so much longer, in both directions. */
  setDelay(delayMs: number): void;
  /** Swallows everything, the news of an end too, on connections old and new. What was swallowed never comes. */
  swallow(): void;
  /** Swallows everything from a piece of a client's on that has these bytes in it. */
  swallowAfter(bytes: string): void;
  /** Lets new connections through again. The deaf ones stay deaf, as when a firewall has forgotten them. */
  heal(): void;
  /** Swallows what the server answers to a piece of the client's that has these bytes in it. */
  swallowReplyTo(bytes: string): void;
  /** Puts something before what the server answers to a piece of the client's that has these bytes in it. */
  answerBefore(bytes: string, answer: Buffer): void;
  /**
   * Resets a connection as soon as all the passages have been seen on it, one after the other. The piece with the last of
   * them is not passed on.
   */
  cutAfter(...passages: readonly Passage[]): Promise<void>;
  stop(): Promise<void>;
}

interface FalseReply {
  readonly to: string;
  readonly change: (piece: Buffer) => Buffer;
}

interface Line {
  readonly client: Socket;
  readonly server: Socket;
  isDeaf: boolean;
  /** What is to become of the server's next piece. */
  falseReply: FalseReply | undefined;
  /** How many of the awaited passages this line has seen. */
  seen: number;
}

export async function startTcpProxy(firstServerPort: number): Promise<TcpProxy> {
  const host = '127.0.0.1';
  let serverPort = firstServerPort;
  const lines = new Set<Line>();
  let delayMs = 0;
  let isSwallowing = false;
  let falseReply: FalseReply | undefined;
  let cut: { readonly passages: readonly Passage[]; readonly onCut: () => void } | undefined;

  let lastWords: string | undefined;

  const swallow = () => {
    isSwallowing = true;
    lastWords = undefined;
    for (const line of lines) line.isDeaf = true;
  };
  const end = (line: Line) => {
    lines.delete(line);
    line.client.resetAndDestroy();
    line.server.resetAndDestroy();
  };
  const isLastPassage = (line: Line, from: Side, piece: Buffer): boolean => {
    const awaited = cut?.passages[line.seen];
    if (cut === undefined || awaited?.from !== from || !piece.includes(awaited.bytes, 0, 'latin1')) {
      return false;
    }
    line.seen += 1;
    return line.seen === cut.passages.length;
  };
  const forward = (line: Line, from: Side) => {
    const [source, target] = from === 'client' ? [line.client, line.server] : [line.server, line.client];
    let sent = Promise.resolve();
    source.on('data', (piece: Buffer) => {
      if (from === 'client' && lastWords !== undefined && piece.includes(lastWords, 0, 'latin1')) {
        swallow();
      }
      if (line.isDeaf) {
        return;
      }
      if (from === 'client' && falseReply !== undefined && piece.includes(falseReply.to, 0, 'latin1')) {
        line.falseReply = falseReply;
        falseReply = undefined;
      }
      if (isLastPassage(line, from, piece)) {
        const { onCut } = cut ?? {};
        cut = undefined;
        end(line);
        onCut?.();
      } else {
        const arrival = delayMs > 0 ? sleep(delayMs, undefined, { ref: false }) : undefined;
        // One after the other: a shorter delay must not let a later piece overtake.
        const passed = from === 'server' ? (line.falseReply?.change(piece) ?? piece) : piece;
        if (from === 'server') line.falseReply = undefined;
        sent = sent.then(() => arrival).then(() => void target.write(passed));
      }
    });
    source.on('end', () => {
      if (!line.isDeaf) void sent.then(() => target.end());
    });
    source.on('error', () => end(line)).on('close', () => end(line));
  };

  const proxy = createServer({ allowHalfOpen: true, noDelay: true }, (client) => {
    const server = createConnection({ port: serverPort, host, allowHalfOpen: true, noDelay: true });
    const line = { client, server, isDeaf: isSwallowing, falseReply: undefined, seen: 0 };
    lines.add(line);
    forward(line, 'client');
    forward(line, 'server');
  });
  const port = await listenOnLoopback(proxy);
  const cutAll = () => {
    for (const line of lines) end(line);
  };
  const stop = async () => {
    cutAll();
    if (proxy.listening) {
      proxy.close();
      await once(proxy, 'close');
    }
  };
  return {
    port,
    leadTo: (port) => {
      serverPort = port;
    },
    cut: cutAll,
    setDelay: (ms) => {
      delayMs = ms;
    },
    swallow,
    swallowAfter: (bytes) => {
      lastWords = bytes;
    },
    heal: () => {
      isSwallowing = false;
      falseReply = undefined;
      cut = undefined;
      lastWords = undefined;
    },
    swallowReplyTo: (bytes) => {
      falseReply = { to: bytes, change: () => Buffer.alloc(0) };
    },
    answerBefore: (bytes, answer) => {
      falseReply = { to: bytes, change: (piece) => Buffer.concat([answer, piece]) };
    },
    cutAfter: (...passages) => {
      for (const line of lines) line.seen = 0;
      return new Promise((resolve) => {
        cut = { passages, onCut: resolve };
      });
    },
    stop,
    [Symbol.asyncDispose]: stop,
  };
}
