import type { ConfigWith } from '../config/config.ts';
import { ConfigError } from '../config/config-error.ts';
import type { Environment } from '../config/environment.ts';
import { parseConfig } from '../config/parse-config.ts';
import { streamName } from '../events/redis-event-stream.ts';
import type { Target } from './options.ts';
import { SimulatorError } from './simulator-error.ts';
import type { Stage } from './stage.ts';

/** A service that runs already. It is called, and read from, and otherwise left alone. @throws ConfigError, SimulatorError */
export function useRunningStage(target: Target, environment: Environment): Stage {
  const { database, redis } = readConfig(environment);
  if (redis.url === undefined) {
    throw new SimulatorError('With --target, REDIS_URL must name the Redis of the service: its events are read there.');
  }
  return { target, databaseUrl: database.url, redisUrl: redis.url, stream: streamName(redis.prefix), own: undefined };
}

/** @throws ConfigError */
export function readConfig(environment: Environment): ConfigWith<'database'> {
  const parsed = parseConfig(environment, { requires: ['database'] });
  if (!parsed.ok) {
    throw new ConfigError(parsed.faults);
  }
  return parsed.config;
}
