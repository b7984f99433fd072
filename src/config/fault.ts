/** A value that the service cannot start with. */
export interface Fault {
  readonly variable: string;
  /** The value as it may be shown: secrets masked, long text cut. Undefined where the variable is not set. */
  readonly value: string | undefined;
  /** Completes the sentence "VARIABLE …". */
  readonly problem: string;
  /** Completes the sentence "expected …". */
  readonly expected: string;
  /** What to do, as an order to the reader. */
  readonly remedy: string;
}

/** Something that is probably a mistake and not worth stopping for. */
export interface Warning {
  readonly variable: string;
  readonly problem: string;
  readonly remedy: string;
}
