/** How one mutating method treats repeated calls; read from the contract (`idempotency.v1.policy`), with defaults filled in. */
export interface MethodPolicy {
  /** Whether a call without a key of its own is refused. */
  readonly keyRequired: boolean;
  /** How long after the first attempt a repeated call gets the stored outcome. */
  readonly timeToLiveMs: number;
  /** How long a claim keeps others out without being renewed. */
  readonly leaseMs: number;
  /** How long a duplicate waits for the running attempt. */
  readonly longestWaitMs: number;
  /** Whether a caller's own key is new after its time to live, instead of refused. A derived key always is. */
  readonly expiredKeyIsNew: boolean;
  /** Paths of request fields that do not go into the fingerprint. */
  readonly fingerprintExclusions: readonly string[];
}

/** A fault in the contract, found when the service starts; it names the method and says what to change. */
export class PolicyError extends Error {
  override readonly name = 'PolicyError';
}
