import type { EventLead, StreamEnd } from '../../../src/events/ports.ts';
import type { NumberedEvent } from '../../../src/orders/order-event.ts';
import { numberedEvent } from './staged-events.ts';

type Method = Exclude<keyof EventLead, 'release'>;

/** A lead over events that a test adds, which notes what it is asked and fails where the test wants. */
export class StagedLead implements EventLead {
  /** What the lead was asked, in order; a stream may note in it, too. */
  readonly story: string[] = [];
  /** What was noted as published. */
  readonly noted: bigint[] = [];
  /** Events that were committed and have no number yet. */
  unnumbered = 0;
  /** Whether the stream is found to be one of another life. */
  isOtherLife = false;
  /** The oldest event that is kept. */
  oldest = 1n;
  released = 0;
  /** Whether anything was asked of the lead after it was given back. */
  wasUsedAfterRelease = false;
  readonly #failing: ReadonlySet<Method>;
  #last: bigint;
  readonly #onAsked = new Set<() => void>();

  constructor(last = 0, failing: readonly Method[] = []) {
    this.#last = BigInt(last);
    this.#failing = new Set(failing);
  }

  add(count: number): void {
    this.#last += BigInt(count);
  }

  async lastNumber(): Promise<bigint> {
    this.#ask('lastNumber');
    return this.#last;
  }

  async after(number: bigint, limit: number): Promise<readonly NumberedEvent[]> {
    this.#ask('after', number);
    const first = number + 1n > this.oldest ? number + 1n : this.oldest;
    const count = Math.min(limit, Math.max(0, Number(this.#last - first) + 1));
    return Array.from({ length: count }, (_, index) => numberedEvent('order', index + 1, first + BigInt(index)));
  }

  async number(limit: number): Promise<number> {
    this.#ask('number');
    const count = Math.min(limit, this.unnumbered);
    this.unnumbered -= count;
    this.add(count);
    return count;
  }

  async reconcile({ number }: StreamEnd): Promise<boolean> {
    this.#ask('reconcile', number);
    return this.isOtherLife;
  }

  async notePublished(number: bigint): Promise<void> {
    this.#ask('notePublished', number);
    this.noted.push(number);
  }

  async release(): Promise<void> {
    this.released += 1;
  }

  /** Resolves when the story has this in it so often. */
  told(words: string, times = 1): Promise<void> {
    return new Promise((resolve) => {
      const listener = () => {
        if (this.story.filter((line) => line === words).length < times) return;
        this.#onAsked.delete(listener);
        resolve();
      };
      this.#onAsked.add(listener);
      listener();
    });
  }

  note(words: string): void {
    this.story.push(words);
    for (const listener of this.#onAsked) listener();
  }

  #ask(method: Method, detail?: bigint): void {
    this.wasUsedAfterRelease ||= this.released > 0;
    this.note(detail === undefined ? method : `${method} ${detail}`);
    if (this.#failing.has(method)) throw new Error(`${method} failed`);
  }
}
