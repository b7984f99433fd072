import { randomUUID } from 'node:crypto';
import type { RecordMemory, Remembered } from '../inspection/ports.ts';
import { type Outcome, STORED_FORM } from '../outcome.ts';
import { ownProcess, processText } from '../own-process.ts';
import type { RecordIdentity } from '../record.ts';
import { recordTransitions } from '../record-life.ts';
import type { RunBoard } from '../running/run-board.ts';
import type { Seal } from '../running/seal.ts';
import type { BeginReply, Claim, ClaimReply, Store, Watch } from '../store.ts';
import { toBuffer } from '../to-buffer.ts';
import { decodeBegin, decodeClaim, decodeLook } from './decode-reply.ts';
import { LateClaims } from './late-claims.ts';
import { RedisLink, type RedisLinkOptions, RedisUnavailableError } from './redis-link.ts';
import { RedisRunBoard } from './redis-run-board.ts';
import { ScriptBatches } from './script-batches.ts';
import type { ScriptArgument } from './script-client.ts';
import type { ScriptName } from './scripts.ts';
import { WakeChannel } from './wake-channel.ts';

export interface RedisStoreOptions extends Omit<RedisLinkOptions, 'probeKey' | 'onWell'> {
  /** What all our names in Redis begin with. */
  readonly prefix: string;
  /** The present life of the database, or undefined while it is not known: then nothing in Redis can be believed. */
  readonly epoch: () => string | undefined;
  /** Larger answers are kept in the ledger only. */
  readonly cachedAnswerBytesMax: number;
}

/** What every claim ends with, also one whose `begin` was not answered: until then its handler may still run. */
const ENDING_SCRIPTS: ReadonlySet<string> = new Set(
  recordTransitions
    .filter(({ from, to, by }) => from === 'PENDING' && to !== 'PENDING' && by !== 'time')
    .map(({ by }) => by),
);

/** The store on Redis 6.2 or later, or Valkey. */
export class RedisStore implements Store, RecordMemory {
  readonly #options: RedisStoreOptions;
  readonly #link: RedisLink;
  readonly #batches: ScriptBatches;
  readonly #wakes: WakeChannel;
  readonly #channel: string;
  readonly #late = new LateClaims();
  readonly #process = processText(ownProcess());

  constructor(options: RedisStoreOptions) {
    this.#options = options;
    this.#channel = `${options.prefix}:wake`;
    this.#link = new RedisLink({
      ...options,
      probeKey: `${options.prefix}:probe`,
      onWell: () => this.#releaseLateClaims(),
    });
    this.#batches = new ScriptBatches(this.#link);
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

  /** Resolves when the first connection is there, or could not be made. A server that says nothing lets it wait. */
  connecting(): Promise<void> {
    return this.#link.connecting();
  }

  newClaim(record: RecordIdentity): Claim {
    return { record, owner: randomUUID(), epoch: this.#options.epoch() };
  }

  async begin(claim: Claim): Promise<BeginReply> {
    const { fingerprint, policy } = claim.record;
    if (this.#isOfAnotherLife(claim)) {
      return { kind: 'unavailable' };
    }
    const reply = await this.#run('begin', claim, decodeBegin, [
      fingerprint.hash,
      fingerprint.version,
      claim.owner,
      policy.leaseMs,
      policy.timeToLiveMs,
      STORED_FORM,
      this.#process,
    ]);
    return reply === undefined || this.#isOfAnotherLife(claim) ? { kind: 'unavailable' } : reply;
  }

  /** What Redis knows from before is not believed, also by whoever has waited since then. */
  #isOfAnotherLife({ epoch }: Claim): boolean {
    return epoch !== this.#options.epoch();
  }

  async renew(claim: Claim): Promise<ClaimReply> {
    return await this.#runClaim('renew', claim, [claim.owner, claim.record.policy.leaseMs]);
  }

  async settle(claim: Claim, outcome: Outcome, timeToLiveMs: number): Promise<ClaimReply> {
    const { fingerprint } = claim.record;
    const common = [claim.owner, fingerprint.hash, fingerprint.version, timeToLiveMs, this.#channel, STORED_FORM];
    const trace = outcome.traceParent ?? '';
    if (outcome.kind === 'failed') {
      const bytes = Buffer.byteLength(outcome.message) + outcome.details.length;
      const kept =
        bytes <= this.#options.cachedAnswerBytesMax
          ? [outcome.message, toBuffer(outcome.details), 'here']
          : ['', '', 'ledger'];
      return await this.#runClaim('fail', claim, [...common, outcome.code, ...kept, trace]);
    }
    const isKeptHere = outcome.response.length <= this.#options.cachedAnswerBytesMax;
    const kept = isKeptHere ? ['here', toBuffer(outcome.response)] : ['ledger', ''];
    return await this.#runClaim('complete', claim, [...common, ...kept, trace]);
  }

  async release(claim: Claim): Promise<ClaimReply> {
    return await this.#runClaim('release', claim, [claim.owner, this.#channel]);
  }

  async look(id: string, leaseMs: number): Promise<Remembered> {
    const epoch = this.#options.epoch();
    if (epoch === undefined) {
      return { kind: 'unavailable' };
    }
    try {
      return await this.#ask('look', { id, epoch }, decodeLook, [leaseMs]);
    } catch (error) {
      if (error instanceof RedisUnavailableError) {
        return { kind: 'unavailable' };
      }
      throw error;
    }
  }

  /** The board on which processes with the same secret tell each other what they run. */
  runBoard(seal: Seal): RunBoard {
    const { prefix, epoch } = this.#options;
    return new RedisRunBoard({ link: this.#link, prefix, epoch, seal });
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
    try {
      return await this.#ask(script, { id: record.id, epoch }, decode, args);
    } catch (error) {
      if (!(error instanceof RedisUnavailableError)) {
        throw error;
      }
      if (script === 'begin' && !error.mayHaveRun) {
        this.#late.neverAskedFor(claim);
      } else if (ENDING_SCRIPTS.has(script)) {
        this.#late.remember(claim);
      }
      return undefined;
    }
  }

  /** @throws RedisUnavailableError */
  async #ask<T>(
    script: ScriptName,
    { id, epoch }: { readonly id: string; readonly epoch: string },
    decode: (reply: unknown, id: string) => T,
    args: readonly ScriptArgument[],
  ): Promise<T> {
    // The tag in braces keeps all that belongs to a record in one slot of a cluster.
    const key = `${this.#options.prefix}:${epoch}:{${id}}`;
    return await this.#batches.run(script, { key, args: [id, ...args] }, (reply) => decode(reply, id));
  }
}
