import type { handleServerStreamingCall, ServerWritableStream } from '@grpc/grpc-js';
import type { ToStatus } from './status.ts';

/**
 * Makes a handler of a server stream of an async generator, which is asked for the next message when the one before has gone. What
 * it throws is turned into a status; it is ended when the call has ended, for whatever reason.
 */
export function streamHandler<Request, Response>(
  handle: (call: ServerWritableStream<Request, Response>, signal: AbortSignal) => AsyncIterable<Response>,
  toStatus: ToStatus,
): handleServerStreamingCall<Request, Response> {
  return (call) => {
    const ended = new AbortController();
    // The transport says so at the end of every call, not only of those that were cancelled.
    call.once('cancelled', () => ended.abort());
    send(call, handle(call, ended.signal), ended.signal).catch((error: unknown) =>
      call.emit('error', toStatus(error, call.metadata)),
    );
  };
}

async function send<Request, Response>(
  call: ServerWritableStream<Request, Response>,
  messages: AsyncIterable<Response>,
  signal: AbortSignal,
): Promise<void> {
  for await (const message of messages) {
    if (!call.write(message)) {
      await drained(call, signal);
    }
    if (signal.aborted) {
      return;
    }
  }
  call.end();
}

function drained(call: NodeJS.EventEmitter, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      call.off('drain', done);
      signal.removeEventListener('abort', done);
      resolve();
    };
    call.once('drain', done);
    signal.addEventListener('abort', done, { once: true });
    if (signal.aborted) {
      done();
    }
  });
}
