import type { OrderInProgress, Progress, ProgressStore } from '../../../src/fulfilment/ports.ts';
import type { StepRecord } from '../../../src/fulfilment/step.ts';
import type { Order, OrderState } from '../../../src/orders/order.ts';
import { changed } from '../../../src/orders/transitions.ts';

/** Keeps one order, refuses what is not up to date as PostgreSQL does, and lets a test be faster at any point. */
export class FakeProgressStore implements ProgressStore {
  order: Order;
  readonly steps = new Map<string, StepRecord>();
  /** What was kept, in a few words each: `PROCESSING a:BEGUN`. */
  readonly story: string[] = [];
  /** Called before each attempt to save, with how many there were before. */
  beforeSave: (saves: number) => void = () => {};
  #saves = 0;

  constructor(order: Order, steps: readonly StepRecord[] = []) {
    this.order = order;
    for (const record of steps) this.mark(record);
  }

  async load(orderId: string): Promise<OrderInProgress | undefined> {
    return orderId === this.order.orderId ? { order: this.order, steps: [...this.steps.values()] } : undefined;
  }

  async save({ before, after, steps }: Progress): Promise<boolean> {
    this.beforeSave(this.#saves++);
    const words = [after === before ? '' : after.state, ...steps.map(({ step, state }) => `${step}:${state}`)];
    const text = words.filter((word) => word !== '').join(' ');
    if (before.sequence !== this.order.sequence) {
      this.story.push(`refused ${text}`);
      return false;
    }
    this.order = after;
    for (const record of steps) this.mark(record);
    this.story.push(text);
    return true;
  }

  mark(record: StepRecord): void {
    this.steps.set(record.step, record);
  }

  /** What somebody else does to the order meanwhile. */
  change(to: OrderState): void {
    this.order = changed(this.order, { to, reason: 'somebody else', time: new Date() });
    this.story.push(`(${to})`);
  }
}
