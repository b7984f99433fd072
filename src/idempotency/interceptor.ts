import {
  Metadata,
  ServerInterceptingCall,
  type ServerInterceptingCallInterface,
  type ServerInterceptor,
} from '@grpc/grpc-js';
import { ProtectedCall, type ProtectedCallOptions } from './protected-call.ts';
import type { ProtectedMethod } from './protected-method.ts';

export interface InterceptorOptions extends ProtectedCallOptions {
  /** The protected method with a full name, if it is one. */
  readonly methodAt: (path: string) => ProtectedMethod | undefined;
  /** Called with the metadata that the handler of a read will see, before it runs. */
  readonly onRead: (metadata: Metadata, call: ServerInterceptingCallInterface) => void;
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
    if (method.isStream) {
      return strictlyRead(call, method, options);
    }
    const protectedCall = new ProtectedCall(call, method, options);
    return new ServerInterceptingCall(call, {
      start: (next) =>
        next({
          onReceiveMetadata: (metadata, pass) => {
            protectedCall.metadata = metadata;
            if (method.rule.kind === 'read') {
              options.onRead(metadata, call);
            }
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

/** A stream as it is, unless its request is malformed. */
function strictlyRead(
  call: ServerInterceptingCallInterface,
  method: ProtectedMethod,
  { toStatus }: InterceptorOptions,
): ServerInterceptingCall {
  let requestMetadata = new Metadata();
  let isRefused = false;
  return new ServerInterceptingCall(call, {
    start: (next) =>
      next({
        onReceiveMetadata: (metadata, pass) => {
          requestMetadata = metadata;
          pass(metadata);
        },
        onReceiveMessage: (message, pass) => {
          const request = method.wireRequestOf(message);
          if (request?.kind === 'malformed') {
            isRefused = true;
            call.sendStatus(toStatus(request.error, requestMetadata));
          } else {
            pass(message);
          }
        },
        onReceiveHalfClose: (pass) => {
          if (!isRefused) {
            pass();
          }
        },
      }),
  });
}
