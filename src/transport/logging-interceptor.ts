import {
  Metadata,
  ServerInterceptingCall,
  type ServerInterceptingCallInterface,
  type ServerInterceptor,
  status,
} from '@grpc/grpc-js';
import type { Logger } from 'pino';
import { type CallSpan, type CallSpans, TRACE_PARENT_HEADER } from './call-spans.ts';
import { assignRequestId, REQUEST_ID_HEADER } from './request-id.ts';

/** How a call has ended. */
export interface CallEnd {
  /** Its full name, `/package.Service/Method`. */
  readonly method: string;
  readonly status: string;
  readonly durationMs: number;
}

export interface LoggingOptions {
  readonly logger: Logger;
  readonly onEnd: (end: CallEnd) => void;
  /** Undefined: nothing is traced. */
  readonly spans: CallSpans | undefined;
}

/**
 * Gives each call its request id and its trace, sends them back, tells how it has ended, and writes one line per call at level debug.
 * Neither keys nor anything else from the request is logged.
 */
export function createLoggingInterceptor({ logger, onEnd, spans }: LoggingOptions): ServerInterceptor {
  return ({ path }, call) => {
    const startedMs = performance.now();
    let requestId = '';
    let code: status | undefined;
    let span: CallSpan | undefined;
    const describe = (metadata: Metadata) => {
      metadata.set(REQUEST_ID_HEADER, requestId);
      if (span !== undefined) {
        metadata.set(TRACE_PARENT_HEADER, span.traceParent);
      }
    };
    return new ServerInterceptingCall(call, {
      start: (next) =>
        next({
          onReceiveMetadata: (metadata, pass) => {
            requestId = assignRequestId(metadata);
            span = spans?.begin(path, metadata);
            pass(metadata);
          },
          // The transport calls this at the end of every call, not only of those that were cancelled.
          onCancel: () => {
            const durationMs = Math.round((performance.now() - startedMs) * 1_000) / 1_000;
            const end = {
              method: path,
              status: code === undefined ? endWithoutStatus(call) : status[code],
              durationMs,
            };
            onEnd(end);
            span?.end(end.status);
            logger.debug({ ...end, requestId, traceId: span?.traceId, peer: call.getPeer() }, 'call ended');
          },
        }),
      sendMetadata: (metadata, pass) => {
        describe(metadata);
        pass(metadata);
      },
      sendStatus: (sent, pass) => {
        code = sent.code;
        // An answer has it in its headers.
        const metadata = sent.metadata ?? (sent.code === status.OK ? undefined : new Metadata());
        if (metadata !== undefined) {
          describe(metadata);
        }
        pass({ ...sent, metadata });
      },
    });
  };
}

/** The transport ends a call at its deadline by itself, past all interceptors. */
function endWithoutStatus(call: ServerInterceptingCallInterface): string {
  return Date.now() >= Number(call.getDeadline()) ? 'DEADLINE_EXCEEDED' : 'CANCELLED';
}
