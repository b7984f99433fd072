import { randomBytes } from 'node:crypto';
import { type Outcome, STORED_FORM } from '../outcome.ts';
import type { RecordIdentity } from '../record.ts';
import type { BeginReply, Claim, ClaimReply, Store, Watch } from '../store.ts';
import { toBuffer } from '../to-buffer.ts';
import { decodeBegin, decodeClaim } from './decode-reply.ts';
import { LateClaims } from './late-claims.ts';
import { RedisLink, type RedisLinkOptions, RedisUnavailableError } from './redis-link.ts';
import type { ScriptArgument } from './script-client.ts';
import type { ScriptName } from './scripts.ts';
import { WakeChannel } from './wake-channel.ts';

export interface RedisStoreOptions extends Omit<RedisLinkOptions, 'probeKey'> {
  /** What all our names in Redis begin with. */
  readonly prefix: string;
  /** The present life of the database, or undefined while it is not known: then nothing in Redis can be believed. */
  readonly epoch: () => string | undefined;
  /** Larger answers are kept in the ledger only. */
  readonly cachedAnswerBytesMax: number;
}

/** What every claim ends with, also one whose `begin` was not answered: until then its handler may still run. */
const ENDING_SCRIPTS: ReadonlySet<ScriptName> = new Set(['complete', 'fail', 'release']);

/** The store on Redis 6.2 or later, or Valkey. */
export class RedisStore implements Store {
  readonly #options: RedisStoreOptions;
  readonly #link: RedisLink;
  readonly #wakes: WakeChannel;
  readonly #channel: string;
  readonly #late = new LateClaims();

  constructor(options: RedisStoreOptions) {
    this.#options = options;
    this.#channel = `${options.prefix}:wake`;
    this.#link = new RedisLink({
      ...options,
      probeKey: `${options.prefix}:probe`,
      onChange: (available, error) => {
        options.onChange(available, error);
        if (available) {
          this.#releaseLateClaims();
        }
      },
    });
    this.#wakes = new WakeChannel({
      url: options.url,
      channel: this.#channel,
      connectTimeoutMs: options.connectTimeoutMs,
      pingIntervalMs: options.circuitProbeMs,
      pingTimeoutMs: options.commandTimeoutMs,
    });
  }

  get available(): boolean {
    return this.#link.available;
  }

  newClaim(record: RecordIdentity): Claim {
    return { record, owner: randomBytes(16).toString('hex'), epoch: this.#options.epoch() };
  }

  async begin(claim: Claim): Promise<BeginReply> {
    const { fingerprint, policy } = claim.record;
    const reply = await this.#run('begin', claim, decodeBegin, [
      fingerprint.hash,
      fingerprint.version,
      claim.owner,
      policy.leaseMs,
      policy.timeToLiveMs,
      STORED_FORM,
    ]);
    return reply ?? { kind: 'unavailable' };
  }

  async renew(claim: Claim): Promise<ClaimReply> {
    return await this.#runClaim('renew', claim, [claim.owner, claim.record.policy.leaseMs]);
  }

  async settle(claim: Claim, outcome: Outcome, timeToLiveMs: number): Promise<ClaimReply> {
    const { fingerprint } = claim.record;
    const common = [claim.owner, fingerprint.hash, fingerprint.version, timeToLiveMs, this.#channel, STORED_FORM];
    if (outcome.kind === 'failed') {
      return await this.#runClaim('fail', claim, [...common, outcome.code, outcome.message, toBuffer(outcome.details)]);
    }
    const isKeptHere = outcome.response.length <= this.#options.cachedAnswerBytesMax;
    const kept = isKeptHere ? ['here', toBuffer(outcome.response)] : ['ledger', ''];
    return await this.#runClaim('complete', claim, [...common, ...kept]);
  }

  async release(claim: Claim): Promise<ClaimReply> {
    return await this.#runClaim('release', claim, [claim.owner, this.#channel]);
  }

  watch(id: string): Watch {
    return this.#wakes.watch(id);
  }

  close(): void {
    this.#wakes.close();
    this.#link.close();
  }

  /** Nobody waits for these claims; left alone, they would keep their keys' retries out for a lease. */
  #releaseLateClaims(): void {
    for (const claim of this.#late.take()) {
      void this.release(claim);
    }
  }

  async #runClaim(script: ScriptName, claim: Claim, args: readonly ScriptArgument[]): Promise<ClaimReply> {
    const reply = await this.#run(script, claim, decodeClaim, args);
    if (reply !== undefined && ENDING_SCRIPTS.has(script)) {
      this.#late.forget(claim);
    }
    return reply ?? 'unavailable';
  }

  /** Runs a script on a claim's record; undefined if there was no usable answer. */
  async #run<T>(
    script: ScriptName,
    claim: Claim,
    decode: (reply: unknown, id: string) => T,
    args: readonly ScriptArgument[],
  ): Promise<T | undefined> {
    const { record, epoch } = claim;
    if (epoch === undefined) {
      return undefined;
    }
    // The tag in braces keeps all that belongs to a record in one slot of a cluster.
    const key = `${this.#options.prefix}:${epoch}:{${record.id}}`;
    try {
      return await this.#link.run(async (client) =>
        decode(await client.run(script, key, [record.id, ...args]), record.id),
      );
    } catch (error) {
      if (!(error instanceof RedisUnavailableError)) {
        throw error;
      }
      if (script === 'begin' && !error.wasSent) {
        this.#late.neverAskedFor(claim);
      } else if (ENDING_SCRIPTS.has(script)) {
        this.#late.remember(claim);
      }
      return undefined;
    }
  }
}
