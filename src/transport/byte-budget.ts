interface Request {
  readonly owner: string;
  readonly bytes: number;
  readonly onGranted: () => void;
}

/** One owner may have this part of the budget, so that a single one that gives nothing back does not stop the others. */
const SHARES = 4;

/** Bytes that may be in use at once. Whoever wants more than there are waits for its turn; what is larger than all goes alone. */
export class ByteBudget {
  readonly #bytesMax: number;
  readonly #waiting = new Set<Request>();
  readonly #takenByOwner = new Map<string, number>();
  #taken = 0;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  /**
   * Takes bytes, now or later.
   * @param onGranted called once, when they are there
   * @returns gives them back, or withdraws the request; calling it again does nothing
   */
  request(owner: string, bytes: number, onGranted: () => void): () => void {
    const request: Request = { owner, bytes, onGranted };
    this.#waiting.add(request);
    this.#grant();
    let isOver = false;
    return () => {
      if (!isOver) {
        isOver = true;
        if (!this.#waiting.delete(request)) {
          this.#take(owner, -bytes);
        }
        this.#grant();
      }
    };
  }

  /** In the order in which they came; those that find no room are overtaken. */
  #grant(): void {
    for (const request of this.#waiting) {
      const { owner, bytes, onGranted } = request;
      if (fits(this.#taken, bytes, this.#bytesMax) && fits(this.#takenOf(owner), bytes, this.#bytesMax / SHARES)) {
        this.#waiting.delete(request);
        this.#take(owner, bytes);
        onGranted();
      }
    }
  }

  #takenOf(owner: string): number {
    return this.#takenByOwner.get(owner) ?? 0;
  }

  #take(owner: string, bytes: number): void {
    this.#taken += bytes;
    const takenByOwner = this.#takenOf(owner) + bytes;
    if (takenByOwner === 0) {
      this.#takenByOwner.delete(owner);
    } else {
      this.#takenByOwner.set(owner, takenByOwner);
    }
  }
}

function fits(taken: number, bytes: number, bytesMax: number): boolean {
  return taken === 0 || taken + bytes <= bytesMax;
}
