import { Redis } from 'ioredis';
import type { ConnectionOptions } from './connection-options.ts';
import { KEYS_PER_SCRIPT, type ScriptName, scriptNames, scriptText } from './scripts.ts';

/** A script's argument: text, or the bytes of an answer. */
export type ScriptArgument = string | number | Buffer;

type ScriptCommand = (key: string, ...args: ScriptArgument[]) => Promise<unknown>;

/** A connection on which the protocol's scripts are commands. */
export interface ScriptClient {
  readonly redis: Redis;
  run(script: ScriptName, key: string, args: readonly ScriptArgument[]): Promise<unknown>;
}

const texts = new Map(scriptNames.map((name) => [name, scriptText(name)]));

/**
 * Opens a connection with the scripts as commands. Replies are binary: only the `…Buffer` form of a command keeps an
 * answer's bytes whole under auto-pipelining. A script that the server has forgotten is sent again by ioredis.
 */
export function createScriptClient(url: string, options: ConnectionOptions): ScriptClient {
  const redis = new Redis(url, options);
  const commands = new Map<ScriptName, ScriptCommand>();
  for (const [name, lua] of texts) {
    const commandName = `idempotency_${name}`;
    redis.defineCommand(commandName, { numberOfKeys: KEYS_PER_SCRIPT, lua });
    const command: unknown = Reflect.get(redis, `${commandName}Buffer`);
    if (typeof command !== 'function') {
      throw new TypeError(`ioredis did not define the binary form of ${commandName}`);
    }
    commands.set(name, (key, ...args) => Reflect.apply(command, redis, [key, ...args]));
  }
  return {
    redis,
    run: async (script, key, args) => {
      const command = commands.get(script);
      if (command === undefined) {
        throw new TypeError(`there is no script ${script}`);
      }
      return await command(key, ...args);
    },
  };
}
