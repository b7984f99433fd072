import { pino } from 'pino';
import type { NumberedEvents } from '../../../src/events/ports.ts';
import type { OrderState } from '../../../src/orders/order.ts';
import type { NumberedEvent } from '../../../src/orders/order-event.ts';

export const silentLogger = pino({ level: 'silent' });

export function numberedEvent(
  orderId: string,
  sequence: number,
  number: bigint,
  state: OrderState = 'PROCESSING',
): NumberedEvent {
  return { orderId, sequence, number, previousState: 'PENDING', state, reason: '', time: new Date(0) };
}

/** The numbered events of a test, which counts how often it was asked for them. */
export class StagedEvents implements NumberedEvents {
  readonly queries = { lastNumber: 0, after: 0 };
  /** What every query ends with, if anything. */
  fail: Error | undefined;
  readonly #events: NumberedEvent[] = [];
  readonly #onQuery = new Set<() => void>();

  add(orderId: string, sequence: number, state?: OrderState): void {
    this.#events.push(numberedEvent(orderId, sequence, BigInt(this.#events.length + 1), state));
  }

  /** The newest event is undone, as by a database that is put back to an older state. */
  takeBack(): void {
    this.#events.pop();
  }

  async lastNumber(): Promise<bigint> {
    this.queries.lastNumber += 1;
    this.#tellQuery();
    if (this.fail) throw this.fail;
    return BigInt(this.#events.length);
  }

  async after(number: bigint, limit: number): Promise<readonly NumberedEvent[]> {
    this.queries.after += 1;
    this.#tellQuery();
    if (this.fail) throw this.fail;
    return this.#events.filter((event) => event.number > number).slice(0, limit);
  }

  #tellQuery(): void {
    setImmediate(() => {
      for (const listener of this.#onQuery) listener();
    });
  }

  /** Resolves when the events were asked for so often, and the answer was told to all. */
  asked(times: number): Promise<void> {
    return this.heardBy(() => this.queries.after >= times);
  }

  /** Resolves behind the query whose answer has made it so. */
  heardBy(isSo: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      const listener = () => {
        if (!isSo()) return;
        this.#onQuery.delete(listener);
        resolve();
      };
      this.#onQuery.add(listener);
      setImmediate(listener);
    });
  }
}
