import { type LocalRedis, startLocalRedis } from '../embedded/redis.ts';
import type { RedisBinary } from '../embedded/redis-binary.ts';
import { sendSignal } from '../embedded/running-process.ts';

/** A Redis that can be killed, and comes back on the same port with what it had written to disk. */
export class OwnRedis implements AsyncDisposable {
  readonly #folder: string;
  readonly #binary: RedisBinary;
  #server: LocalRedis;

  private constructor(folder: string, binary: RedisBinary, server: LocalRedis) {
    this.#folder = folder;
    this.#binary = binary;
    this.#server = server;
  }

  static async start(folder: string, binary: RedisBinary): Promise<OwnRedis> {
    return new OwnRedis(folder, binary, await startLocalRedis({ folder, binary, log: () => {} }));
  }

  get url(): string {
    return this.#server.url;
  }

  async killAndRestart(): Promise<void> {
    const { port, processId } = this.#server;
    sendSignal(processId, 'SIGKILL');
    // It has been told already: this waits for the end.
    await this.#server.stop();
    this.#server = await startLocalRedis({ folder: this.#folder, binary: this.#binary, port, log: () => {} });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.stop();
  }
}
