import type { CallEvidence, SeenChange, WatchEvidence } from './evidence.ts';
import type { Answer } from './unary-attempt.ts';

interface CallNotes {
  orderId: string | undefined;
  isOk: boolean;
  readonly hashes: Set<string>;
  unanswered: number;
  alteredAccepted: number;
}

interface WatchNotes {
  readonly orderId: string;
  readonly seen: SeenChange[];
  hasEnded: boolean;
}

/** What the customers have heard: it is held against the database in the end. */
export class Journal {
  readonly #calls = new Map<string, CallNotes & Pick<CallEvidence, 'key' | 'kind'>>();
  readonly #watches: WatchNotes[] = [];

  /** @param orderId the order that is to be cancelled */
  begin(key: string, kind: CallEvidence['kind'], orderId?: string): void {
    this.#calls.set(key, { key, kind, orderId, isOk: false, hashes: new Set(), unanswered: 0, alteredAccepted: 0 });
  }

  noteAnswer(key: string, { hash, bytes }: Answer): void {
    const notes = this.#notes(key);
    notes.hashes.add(hash);
    notes.isOk ||= bytes !== undefined;
  }

  noteCreated(key: string, orderId: string): void {
    this.#notes(key).orderId = orderId;
  }

  noteUnanswered(key: string): void {
    this.#notes(key).unanswered += 1;
  }

  noteAlteredAccepted(key: string): void {
    this.#notes(key).alteredAccepted += 1;
  }

  beginWatch(orderId: string): WatchNotes {
    const notes: WatchNotes = { orderId, seen: [], hasEnded: false };
    this.#watches.push(notes);
    return notes;
  }

  get calls(): readonly CallEvidence[] {
    return [...this.#calls.values()].map(({ hashes, ...notes }) => ({ ...notes, hashes: [...hashes] }));
  }

  get watches(): readonly WatchEvidence[] {
    return this.#watches;
  }

  get openWatches(): number {
    return this.#watches.filter(({ hasEnded }) => !hasEnded).length;
  }

  #notes(key: string): CallNotes {
    const notes = this.#calls.get(key);
    if (notes === undefined) {
      throw new Error(`nothing was called under the key ${key}`);
    }
    return notes;
  }
}
