import { join } from 'node:path';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../../../src/embedded/postgres.ts';
import { type LocalRedis, startLocalRedis } from '../../../src/embedded/redis.ts';
import type { RedisBinary } from '../../../src/embedded/redis-binary.ts';
import { sendSignal } from '../../../src/embedded/running-process.ts';
import { freezeFamily, killFamily, thawFamily } from '../../support/process-family.ts';

const log = () => {};

/** PostgreSQL as users have it, but that it looks for deadlocks at once. */
const settings = { deadlock_timeout: '20ms', max_connections: '200' };

/** The PostgreSQL of a run. */
export class TorturedPostgres {
  readonly #folder: string;
  #server: EmbeddedPostgres;

  private constructor(folder: string, server: EmbeddedPostgres) {
    this.#folder = folder;
    this.#server = server;
  }

  static async start(parent: string): Promise<TorturedPostgres> {
    const folder = join(parent, 'postgres');
    return new TorturedPostgres(folder, await startEmbeddedPostgres({ folder, settings, log }));
  }

  get url(): string {
    return this.#server.url;
  }

  get port(): number {
    return this.#server.port;
  }

  /** All its processes at once, as a loss of power. */
  async kill(): Promise<void> {
    await killFamily(this.#server.processId);
  }

  /** An immediate shutdown: no checkpoint, and sessions are cut. */
  async stopAtOnce(): Promise<void> {
    sendSignal(this.#server.processId, 'SIGQUIT');
    await this.#server.stop();
  }

  async freeze(): Promise<void> {
    await freezeFamily(this.#server.processId);
  }

  async thaw(): Promise<void> {
    await thawFamily(this.#server.processId);
  }

  /** On the same data and port; after `kill` or `stopAtOnce`, with a recovery. */
  async restart(): Promise<void> {
    const { port } = this.#server;
    await this.#server.stop();
    this.#server = await startEmbeddedPostgres({ folder: this.#folder, settings, port, log });
  }

  async stop(): Promise<void> {
    await this.thaw();
    await this.#server.stop();
  }
}

/** A Redis of a run, whose settings can change with a restart. */
export class TorturedRedis {
  readonly #folder: string;
  readonly #binary: RedisBinary;
  #server: LocalRedis;

  private constructor(folder: string, binary: RedisBinary, server: LocalRedis) {
    this.#folder = folder;
    this.#binary = binary;
    this.#server = server;
  }

  static async start(folder: string, binary: RedisBinary): Promise<TorturedRedis> {
    return new TorturedRedis(folder, binary, await startLocalRedis({ folder, binary, log }));
  }

  get url(): string {
    return this.#server.url;
  }

  get port(): number {
    return this.#server.port;
  }

  async kill(): Promise<void> {
    await killFamily(this.#server.processId);
  }

  async freeze(): Promise<void> {
    await freezeFamily(this.#server.processId);
  }

  async thaw(): Promise<void> {
    await thawFamily(this.#server.processId);
  }

  /** On the same port, with what is in its append-only file. */
  async restart(more: Readonly<Record<string, string>> = {}): Promise<void> {
    const { port } = this.#server;
    await this.#server.stop();
    this.#server = await startLocalRedis({ folder: this.#folder, binary: this.#binary, port, settings: more, log });
  }

  async stop(): Promise<void> {
    await this.thaw();
    await this.#server.stop();
  }
}
