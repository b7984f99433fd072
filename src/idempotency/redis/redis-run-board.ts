import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import type { RunBoard } from '../running/run-board.ts';
import type { RunningCall } from '../running/running-call.ts';
import type { Seal } from '../running/seal.ts';
import { type RedisLink, RedisUnavailableError } from './redis-link.ts';

export interface RedisRunBoardOptions {
  readonly link: RedisLink;
  readonly prefix: string;
  readonly epoch: () => string | undefined;
  /** What is said shows keys and principals: nobody but us may read it. */
  readonly seal: Seal;
}

/** What is said once a second is forgotten when it was not repeated three times. */
const TIME_TO_LIVE_MS = 3_000;

/** More processes are not asked. */
const PROCESSES_MAX = 100;

const announceText = readFileSync(new URL('./announce.lua', import.meta.url), 'utf8');

const callsRule = z.array(
  z.object({
    id: z.string(),
    principal: z.string(),
    method: z.string(),
    key: z.string(),
    fingerprint: z.object({ version: z.number(), hash: z.string() }),
    owner: z.object({ host: z.string(), processId: z.number() }),
    ageMs: z.number(),
  }),
);

/** The board in Redis: one name for each process that has something to say, and one for the list of these. */
export class RedisRunBoard implements RunBoard {
  readonly #options: RedisRunBoardOptions;
  readonly #process = randomUUID();

  constructor(options: RedisRunBoardOptions) {
    this.#options = options;
  }

  async announce(calls: readonly RunningCall[]): Promise<void> {
    const { link, seal } = this.#options;
    const board = this.#boardName();
    if (board === undefined) {
      return;
    }
    const own = `${board}:${this.#process}`;
    const text = calls.length === 0 ? '' : seal.close(JSON.stringify(calls), own);
    await whenAvailable(link.run(({ redis }) => redis.eval(announceText, 2, board, own, text, TIME_TO_LIVE_MS)));
  }

  async read(): Promise<readonly RunningCall[] | undefined> {
    const { link } = this.#options;
    const board = this.#boardName();
    const names = board && (await whenAvailable(link.run(({ redis }) => redis.zrevrange(board, 0, PROCESSES_MAX - 1))));
    if (names === undefined) {
      return undefined;
    }
    const calls: RunningCall[] = [];
    // One after the other: together they might be more than Redis should be kept busy with.
    for (const name of names) {
      const sealed = await whenAvailable(link.run(({ redis }) => redis.getBuffer(name)));
      if (sealed === undefined) {
        return undefined;
      }
      calls.push(...this.#callsIn(sealed, name));
    }
    return calls;
  }

  /** What cannot be opened, or read, was said by nobody of ours, or by another version. */
  #callsIn(sealed: Buffer | null, name: string): readonly RunningCall[] {
    const text = sealed === null ? undefined : this.#options.seal.open(sealed, name);
    return text === undefined ? [] : (callsRule.safeParse(JSON.parse(text)).data ?? []);
  }

  #boardName(): string | undefined {
    const { prefix, epoch } = this.#options;
    const life = epoch();
    // The tag in braces keeps all of it in one slot of a cluster.
    return life === undefined ? undefined : `${prefix}:${life}:{runs}`;
  }
}

async function whenAvailable<T>(reply: Promise<T>): Promise<T | undefined> {
  try {
    return await reply;
  } catch (error) {
    if (error instanceof RedisUnavailableError) {
      return undefined;
    }
    throw error;
  }
}
