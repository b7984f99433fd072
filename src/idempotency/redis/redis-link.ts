import { BrokenCircuitError, CircuitState, ConsecutiveBreaker, circuitBreaker, handleAll } from 'cockatiel';
import { connectionOptions } from './connection-options.ts';
import { createScriptClient, type ScriptClient } from './script-client.ts';

export interface RedisLinkOptions {
  readonly url: string;
  readonly connectTimeoutMs: number;
  /** No call waits longer than this for its answer. */
  readonly commandTimeoutMs: number;
  /** An answer that took longer counts against the circuit, though it is used. */
  readonly slowMs: number;
  /** How many faults in a row open the circuit. */
  readonly circuitFailures: number;
  /** How often an open circuit is probed. */
  readonly circuitProbeMs: number;
  /** The name of a key that the probe may write, to know that writing works. */
  readonly probeKey: string;
  /** Told of every change: `error` is what opened the circuit. */
  readonly onChange: (available: boolean, error: unknown) => void;
}

/** Redis gave no usable answer in time. */
export class RedisUnavailableError extends Error {
  override readonly name = 'RedisUnavailableError';
}

/**
 * A connection to Redis behind a circuit breaker. An open circuit costs a caller nothing; a probe that writes finds the way
 * back. Each opening throws the connection away, and with it whatever hangs in it: half-open sockets, a server that has
 * become a replica, pipelines that wait for a reply that never comes.
 */
export class RedisLink {
  readonly #options: RedisLinkOptions;
  readonly #breaker;
  readonly #prober: NodeJS.Timeout;
  #client: ScriptClient;
  #closed = false;
  #isOpen = false;

  constructor(options: RedisLinkOptions) {
    this.#options = options;
    this.#client = this.#open();
    this.#breaker = circuitBreaker(
      handleAll.orWhenResult(
        (result) => typeof result === 'object' && result !== null && 'slow' in result && result.slow === true,
      ),
      { breaker: new ConsecutiveBreaker(options.circuitFailures), halfOpenAfter: Number.NEGATIVE_INFINITY },
    );
    this.#breaker.onBreak((reason) => {
      const isNews = !this.#isOpen;
      this.#isOpen = true;
      if (!isNews && this.#client.redis.status !== 'ready') {
        return;
      }
      if (isNews && ('error' in reason || 'value' in reason)) {
        options.onChange(
          false,
          'error' in reason ? reason.error : new RedisUnavailableError(`Redis is slower than ${options.slowMs} ms.`),
        );
      }
      this.#replaceClient();
    });
    this.#breaker.onReset(() => {
      this.#isOpen = false;
      options.onChange(true, undefined);
    });
    this.#prober = setInterval(() => void this.#probe(), options.circuitProbeMs).unref();
  }

  get available(): boolean {
    return this.#breaker.state === CircuitState.Closed;
  }

  /**
   * Runs a command within the time limit.
   * @throws RedisUnavailableError; it may have run all the same
   */
  async run<T>(command: (client: ScriptClient) => Promise<T>): Promise<T> {
    if (!this.available) {
      throw new RedisUnavailableError('The circuit to Redis is open.');
    }
    return await this.#execute(command);
  }

  close(): void {
    this.#closed = true;
    clearInterval(this.#prober);
    this.#client.redis.disconnect();
  }

  async #execute<T>(command: (client: ScriptClient) => Promise<T>): Promise<T> {
    const { slowMs } = this.#options;
    try {
      const { value } = await this.#breaker.execute(async () => {
        let slow = false;
        // Sockets are read before it counts, so that a pause of our own process is not taken for one of Redis.
        const timer = setTimeout(
          () =>
            setImmediate(() => {
              slow = true;
            }),
          slowMs,
        );
        try {
          const value = await this.#withinLimit(command(this.#client));
          return { value, slow };
        } finally {
          clearTimeout(timer);
        }
      });
      return value;
    } catch (cause) {
      throw new RedisUnavailableError(
        cause instanceof BrokenCircuitError ? 'The circuit to Redis is open.' : 'Redis gave no answer.',
        {
          cause,
        },
      );
    }
  }

  /** After a cut, the promise of a command can stay open for ever: the timer is ours. */
  async #withinLimit<T>(answer: Promise<T>): Promise<T> {
    const { commandTimeoutMs } = this.#options;
    const limit = Promise.withResolvers<T>();
    // After a pause of our own process the timer fires before the sockets are read: give an answer that is there its turn.
    const timer = setTimeout(
      () => setImmediate(() => limit.reject(new Error(`no answer within ${commandTimeoutMs} ms`))),
      commandTimeoutMs,
    );
    try {
      answer.then(limit.resolve, limit.reject);
      return await limit.promise;
    } finally {
      clearTimeout(timer);
    }
  }

  async #probe(): Promise<void> {
    const { probeKey, circuitProbeMs } = this.#options;
    try {
      await this.#execute(({ redis }) => redis.set(probeKey, '', 'PX', circuitProbeMs));
    } catch {
      // Still not there. The breaker has counted it, and the next probe follows.
    }
  }

  #replaceClient(): void {
    if (!this.#closed) {
      this.#client.redis.disconnect();
      this.#client = this.#open();
    }
  }

  #open(): ScriptClient {
    const client = createScriptClient(this.#options.url, connectionOptions(this.#options.connectTimeoutMs));
    // A command on a broken connection is rejected and counted; the event has nothing to add, but must be heard.
    client.redis.on('error', () => {});
    client.redis.connect().catch(() => {});
    return client;
  }
}
