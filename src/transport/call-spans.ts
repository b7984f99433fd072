import type { Metadata } from '@grpc/grpc-js';
import type { CallTrace } from '../idempotency/index.ts';

/** The trace of a call, from its first byte to its end. */
export interface CallSpan extends CallTrace {
  /** 32 hex digits, for logs. */
  readonly traceId: string;
  /** The call's place in its trace, as W3C has it, for its caller. */
  readonly traceParent: string;
  /** Runs the check of the request as a step. */
  check<T>(work: () => T): T;
  /** @param status the name of the gRPC status */
  end(status: string): void;
}

export interface TraceHeaders {
  readonly traceparent: string | undefined;
  readonly tracestate: string | undefined;
}

/** Begins the trace of a call, or goes on with its caller's; undefined: it is not traced. */
export type StartCall = (method: string, headers: TraceHeaders) => CallSpan | undefined;

/** How W3C's Trace Context comes in metadata, and goes out. */
export const TRACE_PARENT_HEADER = 'traceparent';
const TRACE_STATE_HEADER = 'tracestate';

/** The traces of calls, by their metadata: every interceptor and handler of a call sees the same. */
export class CallSpans {
  readonly #start: StartCall;
  readonly #spans = new WeakMap<Metadata, CallSpan>();

  constructor(start: StartCall) {
    this.#start = start;
  }

  begin(method: string, metadata: Metadata): CallSpan | undefined {
    const span = this.#start(method, {
      traceparent: textIn(metadata, TRACE_PARENT_HEADER),
      tracestate: textIn(metadata, TRACE_STATE_HEADER),
    });
    if (span !== undefined) {
      this.#spans.set(metadata, span);
    }
    return span;
  }

  of(metadata: Metadata): CallSpan | undefined {
    return this.#spans.get(metadata);
  }
}

/** Runs the check of a request, as a step of its trace if it has one. */
export function checked<T>(span: CallSpan | undefined, work: () => T): T {
  return span === undefined ? work() : span.check(work);
}

function textIn(metadata: Metadata, header: string): string | undefined {
  const [value] = metadata.get(header);
  return typeof value === 'string' ? value : undefined;
}
