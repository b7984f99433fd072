import type { Flaw } from '../model/flaws.ts';
import type { SourceChange } from '../support/source-variant.ts';

/** A small, realistic mistake, planted in a copy of the source. */
export interface Mutant {
  readonly name: string;
  readonly what: string;
  readonly changes: readonly SourceChange[];
  /** The same mistake in the model, if it has one. */
  readonly flaw?: Flaw;
  /** What the fault run lets happen: the names of faults or lanes, separated by commas. */
  readonly faults: string;
}
