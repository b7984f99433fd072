import type { EventGap } from './consumer-options.ts';

/** Knows how far the group has come, and so what is missing. Entries are numbered 1, 2, 3 without a gap. */
export class GapWatch {
  /** Undefined until something is known. */
  #position: bigint | undefined;

  /**
   * The group was found where it has come to this number, or was made there.
   * @param isNew what this consumer has come to with an earlier group, which was lost, stays known
   */
  open(number: bigint, isNew: boolean): void {
    this.#position ??= number;
    if (!isNew) {
      this.reach(number);
    }
  }

  /** The group has come to this number. */
  reach(number: bigint): void {
    if (number > (this.#position ?? 0n)) {
      this.#position = number;
    }
  }

  /** @returns the gap between what was reached and this number, if there is one */
  before(number: bigint): EventGap | undefined {
    const after = this.#position;
    return after === undefined || number <= after + 1n ? undefined : { after, before: number };
  }
}

/** The gaps that missing numbers, in rising order, leave: one for those that follow each other. */
export function gapsOf(missing: readonly bigint[]): readonly EventGap[] {
  const gaps: EventGap[] = [];
  for (const number of missing) {
    const last = gaps.at(-1);
    if (last?.before === number) {
      gaps[gaps.length - 1] = { after: last.after, before: number + 1n };
    } else {
      gaps.push({ after: number - 1n, before: number + 1n });
    }
  }
  return gaps;
}
