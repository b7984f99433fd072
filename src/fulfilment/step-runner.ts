import { inspect } from 'node:util';
import type { Order } from '../orders/order.ts';
import { STATE_REASON_CHARACTERS_MAX } from '../orders/transitions.ts';
import type { Processor, StepResult } from './processor.ts';
import { stepKey, undoKey } from './step-key.ts';

/** Runs a step of an order, or takes it back. @throws StepError */
export type StepDirection = 'run' | 'undo';

export type StepRunner = (order: Order, step: string, direction: StepDirection) => Promise<StepResult>;

/** A step has failed: it threw, ran for too long, or gave something that is no result. */
export class StepError extends Error {
  override readonly name = 'StepError';
  readonly step: string;
  readonly direction: StepDirection;
  /** The order's sequence when the step failed. */
  readonly sequence: number;

  constructor(
    {
      step,
      direction,
      sequence,
    }: { readonly step: string; readonly direction: StepDirection; readonly sequence: number },
    message: string,
    cause?: unknown,
  ) {
    super(message, { cause });
    this.step = step;
    this.direction = direction;
    this.sequence = sequence;
  }
}

export interface StepRunnerOptions {
  readonly processor: Processor;
  /** A step that has not ended by then has failed. */
  readonly stepLimitMs: number;
  /** Aborted when the worker stops. */
  readonly signal: AbortSignal;
}

/** The most characters of an error that are kept. */
const ERROR_CHARACTERS_MAX = 1_000;

/** A year: whoever wants to be called later than that has miscalculated. */
const LATER_MS_MAX = 365 * 86_400_000;

/** Makes the function that runs steps: each with its own key and within its time, whatever it does. */
export function createStepRunner({ processor, stepLimitMs, signal: stopping }: StepRunnerOptions): StepRunner {
  const steps = new Map(processor.steps.map((step) => [step.name, step]));
  return async (order, name, direction) => {
    const { orderId, sequence } = order;
    const fail = (why: string, cause?: unknown) =>
      new StepError({ step: name, direction, sequence }, storable(`${name}: ${why}`, ERROR_CHARACTERS_MAX), cause);
    const step = steps.get(name);
    if (step === undefined) {
      throw fail('the processor has no such step, but the order has begun it');
    }
    try {
      return await withinLimit(stepLimitMs, stopping, async (signal) => {
        if (direction === 'undo') {
          await step.undo?.({ order, signal, idempotencyKey: undoKey(orderId, name) });
          return { kind: 'done' };
        }
        return checked(await step.run({ order, signal, idempotencyKey: stepKey(orderId, name) }));
      });
    } catch (cause) {
      throw fail(textOf(cause), cause);
    }
  };
}

/** Waits no longer than allowed, also for a step that does not listen to its signal. */
async function withinLimit(
  limitMs: number,
  stopping: AbortSignal,
  work: (signal: AbortSignal) => Promise<StepResult>,
): Promise<StepResult> {
  const limit = new AbortController();
  const timer = setTimeout(() => limit.abort(new Error(`it did not end within ${limitMs} ms`)), limitMs);
  const signal = AbortSignal.any([limit.signal, stopping]);
  const aborted = Promise.withResolvers<never>();
  const onAbort = () => aborted.reject(signal.reason);
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    signal.throwIfAborted();
    return await Promise.race([work(signal), aborted.promise]);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', onAbort);
  }
}

/** A processor may be written without types, and a wrong result must not be taken for a good one. */
function checked(result: StepResult): StepResult {
  switch (result?.kind) {
    case 'done':
      return { kind: 'done' };
    case 'refused':
      return { kind: 'refused', reason: storable(String(result.reason ?? ''), STATE_REASON_CHARACTERS_MAX) };
    case 'later':
      if (typeof result.afterMs === 'number' && result.afterMs >= 0 && result.afterMs <= LATER_MS_MAX) {
        return { kind: 'later', afterMs: result.afterMs };
      }
  }
  throw new Error(
    "it gave no result that is known: { kind: 'done' }, { kind: 'refused', reason } or { kind: 'later', afterMs } of at most a year",
  );
}

/** A step may throw anything, also what has no text. */
function textOf(cause: unknown): string {
  if (cause instanceof Error) {
    return String(cause.message);
  }
  return typeof cause === 'string' ? cause : inspect(cause);
}

/** What can be kept and sent of a text: PostgreSQL takes no NUL, and a lone surrogate would break the wire. */
function storable(text: string, charactersMax: number): string {
  // A character has two code units at most.
  const wellFormed = text
    .slice(0, 2 * charactersMax)
    .toWellFormed()
    .replaceAll('\0', '');
  return [...wellFormed].slice(0, charactersMax).join('');
}
