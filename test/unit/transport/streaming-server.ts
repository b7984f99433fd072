import { type Client, Metadata, type MethodDefinition, type Server, status } from '@grpc/grpc-js';
import { createGrpcServer, listen } from '../../../src/transport/grpc-server.ts';
import { streamHandler } from '../../../src/transport/stream-handler.ts';

const keep = (bytes: Buffer) => bytes;

/** A stream whose messages are the bytes that they are. */
const stream: MethodDefinition<Buffer, Buffer> = {
  path: '/test.v1.TestService/Stream',
  requestStream: false,
  responseStream: true,
  requestSerialize: keep,
  requestDeserialize: keep,
  responseSerialize: keep,
  responseDeserialize: keep,
};

/** What the generator of a test gives to a call. */
export type Messages = (signal: AbortSignal) => AsyncIterable<Buffer>;

/** A server with one stream, which gives what the test wants. */
export interface StreamingServer {
  readonly port: number;
  messages: Messages;
  /** Ends all calls and connections at once, without a word. */
  cut(): void;
}

export async function startStreamingServer(): Promise<StreamingServer> {
  const server: Server = createGrpcServer({
    maxRequestBytes: 1_024,
    maxResponseBytes: 1_048_576,
    maxStreamsPerConnection: 10,
    keepaliveTimeMs: 60_000,
    keepaliveTimeoutMs: 60_000,
    maxConnectionIdleMs: 60_000,
    interceptors: [],
  });
  const streaming = {
    port: 0,
    messages: async function* (): AsyncIterable<Buffer> {},
    cut: () => server.forceShutdown(),
  };
  const toStatus = (error: unknown) => ({
    code: status.FAILED_PRECONDITION,
    details: error instanceof Error ? error.message : 'no error',
    metadata: new Metadata(),
  });
  const handle = streamHandler<Buffer, Buffer>((_call, signal) => started.messages(signal), toStatus);
  const started: StreamingServer = streaming;
  server.addService({ stream }, { stream: handle });
  streaming.port = await listen(server, '127.0.0.1:0', { maxConnections: 100 });
  return started;
}

interface Ending {
  readonly code: status;
  readonly details: string;
}

/** A call of the stream, and what has come of it. */
export interface StreamingCall {
  readonly received: readonly Buffer[];
  readonly hadHeaders: () => boolean;
  /** Resolves with the first message. */
  readonly begun: Promise<void>;
  /** Resolves with the status, once everything before it has been read. */
  readonly ended: Promise<Ending>;
  pause(): void;
  resume(): void;
  cancel(): void;
}

export function callStream(client: Client, options: { readonly deadlineMs?: number } = {}): StreamingCall {
  const { deadlineMs } = options;
  const limit = deadlineMs === undefined ? {} : { deadline: Date.now() + deadlineMs };
  const call = client.makeServerStreamRequest(stream.path, keep, keep, Buffer.alloc(0), new Metadata(), limit);
  const received: Buffer[] = [];
  const begun = Promise.withResolvers<void>();
  let hadHeaders = false;
  call.on('metadata', () => {
    hadHeaders = true;
  });
  call.on('data', (message: Buffer) => {
    received.push(message);
    begun.resolve();
  });
  // The status says it, too.
  call.on('error', () => {});
  const status = new Promise<Ending>((resolve) => call.on('status', resolve));
  // The status may overtake messages that wait to be read.
  const end = new Promise<void>((resolve) => call.on('end', resolve));
  const ended = Promise.all([status, end]).then(([{ code, details }]) => ({ code, details }));
  return {
    received,
    hadHeaders: () => hadHeaders,
    begun: begun.promise,
    ended,
    pause: () => void call.pause(),
    resume: () => void call.resume(),
    cancel: () => call.cancel(),
  };
}
