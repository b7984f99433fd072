import type { handleUnaryCall, ServerUnaryCall } from '@grpc/grpc-js';
import type { ToStatus } from './status.ts';

/** Makes a handler of an async function: what it throws is turned into a status. */
export function unaryHandler<Request, Response>(
  handle: (call: ServerUnaryCall<Request, Response>) => Promise<Response>,
  toStatus: ToStatus,
): handleUnaryCall<Request, Response> {
  return (call, callback) => {
    handle(call).then(
      (response) => callback(null, response),
      (error: unknown) => callback(toStatus(error, call.metadata)),
    );
  };
}
