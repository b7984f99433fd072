import { setTimeout as sleep } from 'node:timers/promises';
import type { Endpoint } from './endpoint.ts';
import { type ReadResult, readEndpoint, readLimits } from './read-endpoint.ts';

/** Reads one endpoint again and again, and never twice at once. */
export class EndpointReader {
  readonly #endpoint: Endpoint;
  readonly #enough: AbortSignal | undefined;
  #pending: Promise<ReadResult> | undefined;

  /** @param enough aborts what is being read */
  constructor(endpoint: Endpoint, enough?: AbortSignal) {
    this.#endpoint = endpoint;
    this.#enough = enough;
  }

  /** Reads, or goes on with what has not been answered. @returns undefined if there is no answer within the patience */
  async next(patienceMs: number): Promise<ReadResult | undefined> {
    this.#pending ??= readEndpoint(this.#endpoint, readLimits, this.#enough);
    const done = new AbortController();
    const result = await Promise.race([
      this.#pending,
      sleep(patienceMs, undefined, { signal: done.signal }).catch(() => undefined),
    ]);
    done.abort();
    if (result !== undefined) {
      this.#pending = undefined;
    }
    return result;
  }
}
