/**
 * The ids of the events that this process has handled: what it knows also when Redis has forgotten everything. The oldest are
 * forgotten first.
 */
export class HandledEvents {
  readonly #max: number;
  readonly #ids = new Set<string>();

  constructor(max: number) {
    this.#max = max;
  }

  has(id: string): boolean {
    return this.#ids.has(id);
  }

  add(id: string): void {
    this.#ids.delete(id);
    this.#ids.add(id);
    if (this.#ids.size > this.#max) {
      for (const oldest of this.#ids) {
        this.#ids.delete(oldest);
        return;
      }
    }
  }
}
