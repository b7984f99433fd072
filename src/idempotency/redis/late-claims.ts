import type { Claim } from '../store.ts';

/** The oldest are forgotten beyond this number; they lapse after a lease. */
const LATE_CLAIMS_MAX = 1_000;

/**
 * Claims that may be left over in Redis, because it could not be told that they ended. It may even make them afterwards: a Redis that
 * was frozen does so when it thaws.
 */
export class LateClaims {
  readonly #claims = new Set<Claim>();
  readonly #neverAskedFor = new WeakSet<Claim>();

  /** Redis was not even asked for the claim, so that nothing of it can be left over. */
  neverAskedFor(claim: Claim): void {
    this.#neverAskedFor.add(claim);
  }

  remember(claim: Claim): void {
    if (this.#neverAskedFor.has(claim)) {
      return;
    }
    this.#claims.add(claim);
    for (const oldest of this.#claims) {
      if (this.#claims.size <= LATE_CLAIMS_MAX) {
        return;
      }
      this.#claims.delete(oldest);
    }
  }

  /** Redis was told after all. */
  forget(claim: Claim): void {
    this.#claims.delete(claim);
  }

  /** All of them, to be released. */
  take(): readonly Claim[] {
    const claims = [...this.#claims];
    this.#claims.clear();
    return claims;
  }
}
