import { Redis } from 'ioredis';
import type { Watch } from '../store.ts';
import { connectionOptions } from './connection-options.ts';

const REFUSED_REST_MS = 1_000;

export interface WakeChannelOptions {
  readonly url: string;
  readonly channel: string;
  readonly connectTimeoutMs: number;
  /** How often the connection is asked whether it still is one, and how long the answer may take. */
  readonly pingIntervalMs: number;
  readonly pingTimeoutMs: number;
}

/**
 * Hears which records were settled or released, over a connection of its own. A message can be lost, so whoever listens
 * also asks again after a while; whenever the subscription is made anew, everybody is told to ask.
 */
export class WakeChannel {
  readonly #redis: Redis;
  readonly #watches = new Map<string, Set<RecordWatch>>();
  readonly #options: WakeChannelOptions;
  readonly #checker: NodeJS.Timeout;
  #heardAtMs = performance.now();
  #retry: NodeJS.Timeout | undefined;

  constructor(options: WakeChannelOptions) {
    const { url, channel, connectTimeoutMs } = options;
    this.#options = options;
    // The subscription is made by hand, so that it is known when it holds.
    this.#redis = new Redis(url, {
      ...connectionOptions(connectTimeoutMs),
      autoResubscribe: false,
    });
    this.#redis.on('error', () => {});
    this.#redis.on('connect', () => this.#heard());
    this.#redis.on('ready', () => {
      this.#redis.subscribe(channel).then(
        () => this.#wakeAll(),
        () => this.#tryAgainLater(),
      );
    });
    // Whatever was to be tried again is tried with the next connection.
    this.#redis.on('close', () => clearTimeout(this.#retry));
    this.#redis.on('message', (_channel, id) => this.#wake(id));
    this.#redis.connect().catch(() => {});
    this.#checker = setInterval(() => this.#check(), options.pingIntervalMs).unref();
  }

  watch(id: string): Watch {
    const watches = this.#watches.get(id) ?? new Set();
    const watch = new RecordWatch(() => {
      watches.delete(watch);
      if (watches.size === 0 && this.#watches.get(id) === watches) {
        this.#watches.delete(id);
      }
    });
    this.#watches.set(id, watches.add(watch));
    return watch;
  }

  close(): void {
    clearInterval(this.#checker);
    clearTimeout(this.#retry);
    this.#redis.disconnect();
  }

  /** Whoever may not listen is refused again each time: others ask by themselves. */
  #tryAgainLater(): void {
    this.#retry = setTimeout(() => this.#redis.disconnect(true), REFUSED_REST_MS).unref();
  }

  /**
   * A connection that only listens never notices that nobody speaks any more: it has to be asked. One that is being made can
   * be as deaf, between the connection and the greeting.
   */
  #check(): void {
    const { status } = this.#redis;
    if (status === 'ready') {
      this.#redis.ping().then(
        () => this.#heard(),
        () => {},
      );
    }
    const { pingIntervalMs, pingTimeoutMs, connectTimeoutMs } = this.#options;
    const isConnected = status === 'ready' || status === 'connect';
    const deafMs = performance.now() - this.#heardAtMs;
    if (isConnected && deafMs > pingIntervalMs + Math.max(pingTimeoutMs, connectTimeoutMs)) {
      this.#heard();
      this.#redis.disconnect(true);
    }
  }

  #heard(): void {
    this.#heardAtMs = performance.now();
  }

  #wake(id: string): void {
    for (const watch of this.#watches.get(id) ?? []) {
      watch.wake();
    }
  }

  #wakeAll(): void {
    for (const id of this.#watches.keys()) {
      this.#wake(id);
    }
  }
}

class RecordWatch implements Watch {
  readonly #onDispose: () => void;
  #next = Promise.withResolvers<void>();

  constructor(onDispose: () => void) {
    this.#onDispose = onDispose;
  }

  nextChange(): Promise<void> {
    this.#next = Promise.withResolvers<void>();
    return this.#next.promise;
  }

  wake(): void {
    this.#next.resolve();
  }

  [Symbol.dispose](): void {
    this.#onDispose();
  }
}
