interface Request {
  readonly bytes: number;
  readonly onGranted: () => void;
}

/** Somebody who has something, or waits for it. */
interface Owner {
  taken: number;
  /** When it was its turn last; 0: not yet. */
  lastTurn: number;
  /** In the order in which they came. */
  readonly waiting: Set<Request>;
}

/** One owner may have this part of the budget, so that those that give nothing back do not stop the others. */
const SHARES = 16;

/**
 * Bytes that may be in use at once. Whoever wants more than there are waits for its turn; what is larger than its owner's share goes when
 * the owner has nothing else, and what is larger than all goes alone.
 */
export class ByteBudget {
  readonly #bytesMax: number;
  readonly #owners = new Map<string, Owner>();
  #taken = 0;
  #turns = 0;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  /**
   * Takes bytes, now or later.
   * @param onGranted called once, when they are there
   * @returns gives them back, or withdraws the request; calling it again does nothing
   */
  request(name: string, bytes: number, onGranted: () => void): () => void {
    const owner = this.#owners.get(name) ?? { taken: 0, lastTurn: 0, waiting: new Set() };
    this.#owners.set(name, owner);
    const request: Request = { bytes, onGranted };
    owner.waiting.add(request);
    this.#grant();
    let isOver = false;
    return () => {
      if (!isOver) {
        isOver = true;
        if (!owner.waiting.delete(request)) {
          this.#take(owner, -bytes);
        }
        if (owner.taken === 0 && owner.waiting.size === 0) {
          this.#owners.delete(name);
        }
        this.#grant();
      }
    };
  }

  /** Nobody overtakes whoever is next and waits for room: smaller ones would keep it away for ever. */
  #grant(): void {
    for (let next = this.#next(); next !== undefined; next = this.#next()) {
      const { owner, request } = next;
      if (!fits(this.#taken, request.bytes, this.#bytesMax)) {
        return;
      }
      owner.waiting.delete(request);
      this.#turns += 1;
      owner.lastTurn = this.#turns;
      this.#take(owner, request.bytes);
      request.onGranted();
    }
  }

  /** Of the owners that have not had their share, it is the turn of the one whose last turn is longest ago. */
  #next(): { readonly owner: Owner; readonly request: Request } | undefined {
    let next: { readonly owner: Owner; readonly request: Request } | undefined;
    for (const owner of this.#owners.values()) {
      const [request] = owner.waiting;
      if (
        request !== undefined &&
        fits(owner.taken, request.bytes, this.#bytesMax / SHARES) &&
        (next === undefined || owner.lastTurn < next.owner.lastTurn)
      ) {
        next = { owner, request };
      }
    }
    return next;
  }

  #take(owner: Owner, bytes: number): void {
    owner.taken += bytes;
    this.#taken += bytes;
  }
}

function fits(taken: number, bytes: number, bytesMax: number): boolean {
  return taken === 0 || taken + bytes <= bytesMax;
}
