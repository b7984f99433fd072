import type { Order } from '../orders/order.ts';
import type { StepRecord } from './step.ts';

/** An order with the steps of its processing that have begun, in their order. */
export interface OrderInProgress {
  readonly order: Order;
  readonly steps: readonly StepRecord[];
}

/** What is to be kept of an order's progress. */
export interface Progress {
  /** The order as it was read. */
  readonly before: Order;
  /** The order after a change of its state; the same as before if there is none. */
  readonly after: Order;
  /** Steps that have begun or ended. */
  readonly steps: readonly StepRecord[];
  /** The place in the order's trace, for the event of a change. */
  readonly traceParent?: string | undefined;
}

/** Where the progress of orders is kept. */
export interface ProgressStore {
  load(orderId: string): Promise<OrderInProgress | undefined>;
  /**
   * Keeps progress, all of it at once, with the event of a change.
   * @returns false if the order is no longer as it was before: nothing was kept then
   */
  save(progress: Progress): Promise<boolean>;
}

/** An order whose processing has failed for good. */
export interface DeadLetter {
  readonly orderId: string;
  /** The order's sequence when it failed. An order that changes afterwards, for it is cancelled, gets another try by itself. */
  readonly sequence: number;
  /** The step that failed; undefined if it was none of them. */
  readonly step: string | undefined;
  readonly failures: number;
  readonly lastError: string;
}

/** When an order's turn comes again. */
export interface NextTurn {
  /** The order's sequence when that was decided: if it has changed since, its turn comes at once. */
  readonly sequence: number;
  readonly afterMs: number;
  /** How often in a row a step has failed, */
  readonly failures: number;
  /** and which. */
  readonly step?: string | undefined;
  /** The place in its trace from which the order is processed. */
  readonly traceParent?: string | undefined;
}

/** The trace of an order that is processed, if it has one. */
export interface JobTrace {
  /** 32 hex digits, for logs. */
  readonly traceId: string;
  /** The place of the processing in it, as W3C's `traceparent`. */
  readonly traceParent: string;
  /** Runs a step of the processor; what it gives or throws is passed on. */
  step<T>(name: string, work: () => Promise<T>): Promise<T>;
  /** The order has come to this state. */
  note(state: string): void;
}

/** Runs the processing of an order in the trace in which it was placed. */
export type TraceJob = <T>(
  job: { readonly orderId: string; readonly traceParent: string | undefined },
  work: (trace: JobTrace | undefined) => Promise<T>,
) => Promise<T>;

/** Where jobs wait. */
export interface JobQueue {
  /** Lets an order be processed again after a while, in place of the job that says so. */
  again(orderId: string, next: NextTurn): Promise<void>;
  /** Sets an order aside until somebody asks for another try. */
  setAside(letter: DeadLetter): Promise<void>;
}

/** A process that works on jobs. */
export interface WorkerIdentity {
  /** The name under which it locks jobs. */
  readonly workerId: string;
  readonly host: string;
  readonly processId: number;
}

/** Who works on jobs, and what to do about those who have died. */
export interface WorkerRegistry {
  /** Says that a worker is alive. */
  heartbeat(worker: WorkerIdentity): Promise<void>;
  /** Says that a worker is no more, and gives back what it still holds. */
  leave(worker: WorkerIdentity): Promise<void>;
  /** Gives jobs of workers back that have not been heard of for so long. @returns the workers */
  releaseDead(deadAfterMs: number): Promise<readonly { readonly workerId: string; readonly jobs: number }[]>;
  /** Sets orders aside whose workers have died again and again. @returns the ids of the orders */
  setAsideExhausted(): Promise<readonly string[]>;
  /** Lets the clean-up be due again that a process with a clock that is ahead has put off. @returns whether it was so */
  bringCleanUpBack(): Promise<boolean>;
}
