import { ServerInterceptingCall, type ServerInterceptor } from '@grpc/grpc-js';
import { ProtectedCall, type ProtectedCallOptions } from './protected-call.ts';
import type { ProtectedMethod } from './protected-method.ts';

export interface InterceptorOptions extends ProtectedCallOptions {
  /** The protected method with a full name, if it is one. */
  readonly methodAt: (path: string) => ProtectedMethod | undefined;
}

/**
 * The server interceptor: translates events of @grpc/grpc-js and nothing else. It must be the innermost one, because the
 * handler finds its attempt by the metadata object that this interceptor passed on.
 */
export function createInterceptor(options: InterceptorOptions): ServerInterceptor {
  return (descriptor, call) => {
    const method = options.methodAt(descriptor.path);
    if (method === undefined) {
      return new ServerInterceptingCall(call);
    }
    const protectedCall = new ProtectedCall(call, method, options);
    return new ServerInterceptingCall(call, {
      start: (next) =>
        next({
          onReceiveMetadata: (metadata, pass) => {
            protectedCall.metadata = metadata;
            pass(metadata);
          },
          onReceiveMessage: (message, pass) => {
            protectedCall.message = message;
            pass(message);
          },
          // The handler starts when it hears of the half-close, and only then is it known that there is exactly one message.
          onReceiveHalfClose: (pass) => protectedCall.begin(pass),
          onCancel: () => protectedCall.callerGone(),
        }),
      sendMetadata: (metadata, pass) => protectedCall.sendMetadata(metadata, pass),
      sendMessage: (message, pass) => protectedCall.sendMessage(message, pass),
      sendStatus: (status, pass) => protectedCall.sendStatus(status, pass),
    });
  };
}
