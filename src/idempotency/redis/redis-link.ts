import { CircuitState, ConsecutiveBreaker, circuitBreaker, handleWhen } from 'cockatiel';
import { ReplyError as RefusalByRedis } from 'ioredis';
import { connectionOptions } from './connection-options.ts';
import { ReplyError } from './decode-reply.ts';
import { createScriptClient, type ScriptClient } from './script-client.ts';
import { AnswerLimitError, type TimeLimits, timedAnswer } from './timed-answer.ts';

export interface RedisLinkOptions extends TimeLimits {
  readonly url: string;
  readonly connectTimeoutMs: number;
  /** How many faults in a row (errors, no answer in time, slow answers) open the circuit. */
  readonly circuitFailures: number;
  /** How often the connection is probed. */
  readonly circuitProbeMs: number;
  /** The name of a key that the probe may write, to know that writing works. */
  readonly probeKey: string;
  /** Told when the circuit opens and when it closes; `error` is what opened it. */
  readonly onChange: (available: boolean, error: unknown) => void;
  /** Told of each command to which Redis gave no usable answer. */
  readonly onFault?: (kind: FaultKind) => void;
  /** Told when a connection is there, and after each probe that was answered. */
  readonly onWell?: () => void;
  /** Told, once for each policy, that the server throws out keys of ours when its memory is full. */
  readonly onEviction?: (policy: string) => void;
}

/**
 * Why there was no usable answer: it did not come in time; there was no connection, or it broke; Redis refused the command; it answered
 * another question.
 */
export type FaultKind = 'timeout' | 'connection' | 'refused' | 'reply';

/** What a node of a cluster answers about a slot that is not its own: it is well, and the ledger answers this call. */
const REDIRECTION = /^(MOVED|ASK|TRYAGAIN|CLUSTERDOWN|CROSSSLOT)\b/;

/** Redis gave no usable answer in time. */
export class RedisUnavailableError extends Error {
  override readonly name = 'RedisUnavailableError';
  /** Whether the command may have run. */
  readonly mayHaveRun: boolean;

  constructor(message: string, { mayHaveRun, cause }: { readonly mayHaveRun: boolean; readonly cause?: unknown }) {
    super(message, { cause });
    this.mayHaveRun = mayHaveRun;
  }
}

/**
 * A connection to Redis behind a circuit breaker. An open circuit costs a caller nothing; a probe that writes and runs a script notices when
 * Redis goes, also while nobody calls, and finds the way back. An open circuit throws the connection away, and with it
 * whatever hangs in it: half-open sockets, a server that has become a replica, pipelines that wait for a reply that never
 * comes.
 */
export class RedisLink {
  readonly #options: RedisLinkOptions;
  readonly #breaker;
  readonly #prober: NodeJS.Timeout;
  #client: ScriptClient;
  #openedAtMs = 0;
  #attempt = Promise.resolve();
  #isCircuitOpen = false;
  #isClosed = false;
  #evictionTold: string | undefined;

  constructor(options: RedisLinkOptions) {
    this.#options = options;
    this.#client = this.#open();
    this.#breaker = circuitBreaker(handleWhen((error) => !isRedirection(error)).orWhenResult(isSlow), {
      breaker: new ConsecutiveBreaker(options.circuitFailures),
      // Our probes come at their own pace; a wait by the wall clock would not end if that were set back.
      halfOpenAfter: Number.NEGATIVE_INFINITY,
    });
    this.#breaker.onBreak((reason) => this.#onBreak('error' in reason ? reason.error : undefined));
    this.#breaker.onReset(() => {
      this.#isCircuitOpen = false;
      options.onChange(true, undefined);
    });
    this.#prober = setInterval(() => void this.#probe(), options.circuitProbeMs).unref();
  }

  get available(): boolean {
    return this.#breaker.state === CircuitState.Closed;
  }

  /** Resolves when the present attempt to connect has ended, well or not. A server that says nothing lets it go on. */
  connecting(): Promise<void> {
    return this.#attempt;
  }

  /**
   * Runs a command within the time limit.
   * @throws RedisUnavailableError
   */
  async run<T>(command: (client: ScriptClient) => Promise<T>): Promise<T> {
    if (!this.available) {
      throw new RedisUnavailableError('The circuit to Redis is open.', { mayHaveRun: false });
    }
    return await this.#execute(command);
  }

  close(): void {
    this.#isClosed = true;
    clearInterval(this.#prober);
    this.#client.redis.disconnect();
  }

  async #execute<T>(command: (client: ScriptClient) => Promise<T>): Promise<T> {
    const client = this.#client;
    try {
      const { value } = await this.#breaker.execute(() => timedAnswer(command(client), this.#options));
      return value;
    } catch (cause) {
      this.#options.onFault?.(faultKindOf(cause));
      if (cause instanceof ReplyError) {
        // Once one reply has gone to the wrong command, all that follow on the connection may.
        this.#leave(client);
      }
      throw new RedisUnavailableError('Redis gave no usable answer.', {
        mayHaveRun: !isRedirection(cause),
        cause,
      });
    }
  }

  /** Goes on with another connection, if this one has not been left already. */
  #leave(client: ScriptClient): void {
    if (this.#client === client && !this.#isClosed) {
      client.redis.disconnect();
      this.#client = this.#open();
    }
  }

  async #probe(): Promise<void> {
    const { probeKey, circuitProbeMs, onWell } = this.#options;
    try {
      // What the scripts need, so that a user that may not do all of it finds no circuit closed: to write, to run scripts, to know the time.
      await this.#execute(async (client) => {
        await Promise.all([
          client.redis.set(probeKey, '', 'PX', circuitProbeMs),
          client.run('renew', [{ key: probeKey, args: ['', '', 1] }]),
          client.redis.time(),
        ]);
      });
    } catch {
      // Not there, or still not there. The breaker has counted it, and the next probe follows.
      return;
    }
    onWell?.();
  }

  /** The circuit was opened, or a probe has found that it must stay open. */
  #onBreak(error: unknown): void {
    const { slowMs, onChange } = this.#options;
    if (!this.#isCircuitOpen) {
      this.#isCircuitOpen = true;
      onChange(false, error ?? new Error(`Redis is slower than ${slowMs} ms`));
    } else if (this.#isStillConnecting()) {
      return;
    }
    this.#leave(this.#client);
  }

  /** A connection that was made and says nothing is as useless as one that was not made in time. */
  #isStillConnecting(): boolean {
    const ageMs = performance.now() - this.#openedAtMs;
    return this.#client.redis.status !== 'ready' && ageMs < this.#options.connectTimeoutMs;
  }

  #open(): ScriptClient {
    this.#openedAtMs = performance.now();
    const client = createScriptClient(this.#options.url, connectionOptions(this.#options.connectTimeoutMs));
    // A command on a broken connection is rejected and counted; the event has nothing to add, but must be heard.
    client.redis.on('error', () => {});
    client.redis.on('ready', () => {
      void this.#lookAtEviction(client);
      this.#options.onWell?.();
    });
    this.#attempt = client.redis.connect().catch(() => {});
    return client;
  }

  /** INFO tells the policy also where CONFIG is forbidden. */
  async #lookAtEviction({ redis }: ScriptClient): Promise<void> {
    const info = await redis.info('memory').catch(() => '');
    const policy = /^maxmemory_policy:(?!noeviction)(\S+)/m.exec(info)?.[1];
    if (policy !== undefined && policy !== this.#evictionTold) {
      this.#evictionTold = policy;
      this.#options.onEviction?.(policy);
    }
  }
}

function faultKindOf(cause: unknown): FaultKind {
  if (cause instanceof AnswerLimitError) {
    return 'timeout';
  }
  if (cause instanceof ReplyError) {
    return 'reply';
  }
  return cause instanceof RefusalByRedis ? 'refused' : 'connection';
}

function isRedirection(error: unknown): boolean {
  return error instanceof Error && REDIRECTION.test(error.message);
}

function isSlow(result: unknown): boolean {
  return typeof result === 'object' && result !== null && 'slow' in result && result.slow === true;
}
