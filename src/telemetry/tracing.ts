/** What a caller sends to say in which trace it is: W3C Trace Context. */
export interface TraceHeaders {
  readonly traceparent: string | undefined;
  readonly tracestate: string | undefined;
}

/** The steps of a call that have spans of their own. */
export type SpanStep = 'begin' | 'ledger' | 'wait' | 'commit' | 'complete';

/** The trace of one call. */
export interface CallSpan {
  /** 32 hex digits, for logs. */
  readonly traceId: string;
  /** The call's own place in its trace. */
  readonly traceParent: string;
  /** Runs work as a step; what it gives or throws is passed on. It is told the step's `traceparent`. */
  step<T>(step: SpanStep, work: (traceParent: string) => Promise<T>): Promise<T>;
  /** The same for the check of a request, which takes no time worth waiting for. */
  check<T>(work: () => T): T;
  /** The call got what another one has come to. */
  linkTo(traceParent: string): void;
  note(event: string): void;
  /** @param status the name of the gRPC status */
  end(status: string): void;
}

/** The trace of an order that is processed. */
export interface JobSpan {
  readonly traceId: string;
  /** The place of the processing in it. */
  readonly traceParent: string;
  /** Runs a step of the processor. */
  step<T>(name: string, work: () => Promise<T>): Promise<T>;
  /** The order has come to this state. */
  note(state: string): void;
}

/** Makes spans. Where nobody collects them there is no Tracing at all, which costs nothing. */
export interface Tracing {
  /** @returns undefined if the call is not sampled */
  startCall(method: string, headers: TraceHeaders): CallSpan | undefined;
  /** Runs work on what several calls have asked for together, each from its place in its own trace. */
  group<T>(traceParents: readonly string[], work: () => Promise<T>): Promise<T>;
  /** Runs the publishing of events, each from the place at which it came to be. */
  publish<T>(traceParents: readonly string[], work: () => Promise<T>): Promise<T>;
  /** Runs the processing of an order, in the trace in which it was placed. */
  job<T>(
    job: { readonly orderId: string; readonly traceParent: string | undefined },
    work: (span: JobSpan | undefined) => Promise<T>,
  ): Promise<T>;
  close(): Promise<void>;
}
