import { Redis } from 'ioredis';
import type { ConnectionOptions } from './connection-options.ts';
import { ReplyError } from './decode-reply.ts';
import { batchText, type ScriptName, scriptNames } from './scripts.ts';

/** A script's argument: text, or the bytes of an answer. */
export type ScriptArgument = string | number | Buffer;

/** What a script is to do for one record. */
export interface ScriptCall {
  /** The name of the record's hash. */
  readonly key: string;
  readonly args: readonly ScriptArgument[];
}

type ScriptCommand = (keys: number, ...keysAndArgs: ScriptArgument[]) => Promise<unknown>;

/** A connection on which the protocol's scripts are commands. */
export interface ScriptClient {
  readonly redis: Redis;
  /**
   * Runs a script once for each call, all of them as one command: if one of them fails, all do.
   * @returns the replies, in the order of the calls
   * @throws ReplyError if what comes back cannot be theirs; what Redis or ioredis say
   */
  run(script: ScriptName, calls: readonly ScriptCall[]): Promise<readonly unknown[]>;
}

const texts = new Map(scriptNames.map((name) => [name, batchText(name)]));

/**
 * Opens a connection with the scripts as commands. Replies are binary. A script that the server has forgotten is sent again by
 * ioredis.
 */
export function createScriptClient(url: string, options: ConnectionOptions): ScriptClient {
  const redis = new Redis(url, options);
  const commands = new Map<ScriptName, ScriptCommand>();
  for (const [name, lua] of texts) {
    const commandName = `idempotency_${name}`;
    redis.defineCommand(commandName, { lua });
    const command: unknown = Reflect.get(redis, `${commandName}Buffer`);
    if (typeof command !== 'function') {
      throw new TypeError(`ioredis did not define the binary form of ${commandName}`);
    }
    commands.set(name, (...keysAndArgs) => Reflect.apply(command, redis, keysAndArgs));
  }
  return {
    redis,
    run: async (script, calls) => {
      const command = commands.get(script);
      if (command === undefined) {
        throw new TypeError(`there is no script ${script}`);
      }
      const replies = await command(calls.length, ...calls.map(({ key }) => key), ...calls.flatMap(({ args }) => args));
      if (!Array.isArray(replies) || replies.length !== calls.length) {
        throw new ReplyError(`The reply is not that of ${calls.length} calls of ${script}.`);
      }
      return replies;
    },
  };
}
