/** Choices that look random and follow from a seed. The generator is Tommy Ettinger's mulberry32. */
export class Dice {
  private state: number;

  constructor(seed: number) {
    this.state = seed;
  }

  /** A whole number from 0 to `limit` - 1. */
  below(limit: number): number {
    this.state = (this.state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.state ^ (this.state >>> 15), 1 | this.state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * limit);
  }

  /** True once in `times` throws. */
  once(times: number): boolean {
    return this.below(times) === 0;
  }

  /** One order of all lists' elements in which each list's own elements keep theirs. */
  interleave<Element>(lists: readonly (readonly Element[])[]): Element[] {
    const rests = lists.map((list) => [...list]).filter((list) => list.length > 0);
    const all: Element[] = [];
    while (rests.length > 0) {
      const index = this.below(rests.length);
      const rest = rests[index] ?? [];
      all.push(...rest.splice(0, 1));
      if (rest.length === 0) {
        rests.splice(index, 1);
      }
    }
    return all;
  }

  /** Cuts a list into consecutive pieces, none of them empty. */
  cut<Element>(list: readonly Element[]): Element[][] {
    const pieces: Element[][] = [];
    for (const element of list) {
      const last = pieces.at(-1);
      if (last === undefined || this.once(2)) {
        pieces.push([element]);
      } else {
        last.push(element);
      }
    }
    return pieces;
  }
}
