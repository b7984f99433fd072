/** The steps of a call that its trace shows. */
export type CallStep = 'begin' | 'ledger' | 'wait' | 'commit' | 'complete';

/** The trace of one call, as far as the library needs to know it. */
export interface CallTrace {
  /**
   * Runs work as a step of the call; what it gives or throws is passed on.
   * @param work is told the step's place in the trace, as W3C's `traceparent`, for what goes on from there
   */
  step<T>(step: CallStep, work: (traceParent: string) => Promise<T>): Promise<T>;
  /** The call got what another one, or an earlier attempt, has come to: that one's place in its trace. */
  linkTo(traceParent: string): void;
  /** Something has happened to the call. */
  note(event: string): void;
}

/** Runs work as a step of the call that asks for a record, if that call is traced. */
export function traced<T>(
  { trace }: { readonly trace: CallTrace | undefined },
  step: CallStep,
  work: (traceParent?: string) => Promise<T>,
): Promise<T> {
  return trace === undefined ? work() : trace.step(step, work);
}

/** Has the trace of a call that is a replay point to the attempt whose outcome it gets. */
export function linkToFirst(
  { trace }: { readonly trace: CallTrace | undefined },
  { traceParent }: { readonly traceParent?: string | undefined },
): void {
  if (traceParent !== undefined) {
    trace?.linkTo(traceParent);
  }
}
