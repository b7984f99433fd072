import type { Order, OrderState } from '../orders/order.ts';
import { changed } from '../orders/transitions.ts';
import { nextAction } from './next-action.ts';
import type { OrderInProgress, ProgressStore } from './ports.ts';
import type { Processor } from './processor.ts';
import type { StepRecord, StepState } from './step.ts';
import type { StepRunner } from './step-runner.ts';

/** How a turn at an order has ended. */
export type Turn =
  /** Nothing is left to do, for good. */
  | { readonly kind: 'ended'; readonly state: OrderState | 'UNKNOWN' }
  /** A step wants to be called again. */
  | { readonly kind: 'later'; readonly afterMs: number; readonly sequence: number };

export interface ProcessOrderDependencies {
  readonly store: ProgressStore;
  readonly processor: Processor;
  readonly runStep: StepRunner;
  readonly now: () => Date;
  /** The place in the order's trace. */
  readonly traceParent?: string | undefined;
  /** Told of each change that was committed. */
  readonly onChange: (state: OrderState) => void;
}

/**
 * Takes an order as far as it goes. Everything that is decided is decided by what is kept, and what is kept is kept only if the
 * order has not changed meanwhile: a cancellation that was faster wins, and what was begun is undone.
 * @throws StepError if a step fails, and what the store throws
 */
export async function processOrder(orderId: string, dependencies: ProcessOrderDependencies): Promise<Turn> {
  const { store, processor, runStep } = dependencies;
  const stepNames = processor.steps.map(({ name }) => name);
  // What a step has come to since the last write: it is written together with what follows from it.
  let news: readonly StepRecord[] = [];
  let reason = '';
  for (;;) {
    let current = await store.load(orderId);
    if (current === undefined) {
      return { kind: 'ended', state: 'UNKNOWN' };
    }
    news = stillNew(news, current.steps);
    while (current !== undefined) {
      const { order } = current;
      const steps = merged(current.steps, news);
      const action = nextAction(order, steps, stepNames);
      switch (action.kind) {
        case 'change':
        case 'begin': {
          const step = action.kind === 'begin' ? action.step : action.begin;
          const written = step === undefined ? news : [...news, mark(step, 'BEGUN')];
          const after =
            action.kind === 'begin' ? order : changed(order, { to: action.to, reason, time: dependencies.now() });
          current = await save({ order, steps }, written, after, dependencies);
          news = current === undefined ? news : [];
          break;
        }
        case 'run': {
          if (news.length > 0) {
            // A later step was begun already: what came before it is kept first, and not lost if that one fails.
            current = await save({ order, steps }, news, order, dependencies);
            news = current === undefined ? news : [];
            break;
          }
          const result = await runStep(order, action.step, 'run');
          if (result.kind === 'later') {
            return { ...result, sequence: order.sequence };
          }
          reason = result.kind === 'refused' ? result.reason : '';
          news = [mark(action.step, result.kind === 'refused' ? 'REFUSED' : 'DONE')];
          break;
        }
        case 'undo':
          await runStep(order, action.step, 'undo');
          current = await save({ order, steps }, [mark(action.step, 'UNDONE')], order, dependencies);
          news = [];
          break;
        case 'nothing':
          return { kind: 'ended', state: order.state };
      }
    }
  }
}

/** @returns what the order has come to, or undefined if it has changed meanwhile and must be read again */
async function save(
  { order, steps }: OrderInProgress,
  news: readonly StepRecord[],
  after: Order,
  { store, traceParent, onChange }: ProcessOrderDependencies,
): Promise<OrderInProgress | undefined> {
  if (!(await store.save({ before: order, after, steps: news, traceParent }))) {
    return undefined;
  }
  if (after !== order) {
    onChange(after.state);
  }
  return { order: after, steps: merged(steps, news) };
}

/** What was written meanwhile counts more than what this worker has seen. */
function stillNew(news: readonly StepRecord[], kept: readonly StepRecord[]): readonly StepRecord[] {
  return news.filter(({ step }) => kept.some((record) => record.step === step && record.state === 'BEGUN'));
}

function mark(step: string, state: StepState): StepRecord {
  return { step, state };
}

function merged(records: readonly StepRecord[], news: readonly StepRecord[]): readonly StepRecord[] {
  const byName = new Map([...records, ...news].map((record) => [record.step, record]));
  return [...byName.values()];
}
