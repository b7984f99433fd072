import { createHash } from 'node:crypto';

const BYTES = 6;
const VALUES = 2 ** (8 * BYTES);

/**
 * Random numbers that depend on nothing but a seed and a name: who else throws dice, and when, does not matter. Each is the beginning
 * of a SHA-256 of seed, name and count.
 */
export class Dice {
  readonly #name: string;
  #thrown = 0;

  constructor(seed: string, ...name: readonly (string | number)[]) {
    this.#name = [seed, ...name].join('/');
  }

  /** From 0 to below 1. */
  next(): number {
    const hash = createHash('sha256')
      .update(`${this.#name}/${this.#thrown++}`)
      .digest();
    return hash.readUIntBE(0, BYTES) / VALUES;
  }

  /** True in so many cases out of one. */
  chance(share: number): boolean {
    return this.next() < share;
  }

  /** A whole number, both ends included. */
  between(min: number, max: number): number {
    return min + Math.floor(this.next() * (max - min + 1));
  }

  pick<Choice>(choices: readonly [Choice, ...Choice[]]): Choice {
    return choices[this.between(0, choices.length - 1)] ?? choices[0];
  }
}
