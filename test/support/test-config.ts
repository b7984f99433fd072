import type { ConfigWith } from '../../src/config/config.ts';
import { ConfigError } from '../../src/config/config-error.ts';
import { parseConfig } from '../../src/config/parse-config.ts';

export interface Stores {
  readonly databaseUrl: string;
  /** Undefined: a service without Redis. */
  readonly redisUrl?: string | undefined;
}

/**
 * The environment of a service under test: a free port, and time limits for a machine that is busy with other tests.
 */
export function testEnvironment({ databaseUrl, redisUrl }: Stores, settings: Readonly<Record<string, string>> = {}) {
  return {
    DATABASE_URL: databaseUrl,
    ...(redisUrl !== undefined && { REDIS_URL: redisUrl }),
    GRPC_LISTEN: '127.0.0.1:0',
    LOG_FORMAT: 'json',
    // Orders stay as they were placed, unless a test is about what becomes of them.
    FULFILMENT_ENABLED: 'false',
    REDIS_COMMAND_TIMEOUT_MS: '1000',
    REDIS_SLOW_MS: '900',
    REDIS_CIRCUIT_PROBE_MS: '200',
    DATABASE_CONNECT_TIMEOUT_MS: '10000',
    DATABASE_PROBE_INTERVAL_MS: '200',
    DATABASE_GRACE_MS: '500',
    ...settings,
  };
}

export function testConfig(stores: Stores, settings: Readonly<Record<string, string>> = {}): ConfigWith<'database'> {
  const parsed = parseConfig(testEnvironment(stores, settings), { requires: ['database'] });
  if (!parsed.ok) {
    throw new ConfigError(parsed.faults);
  }
  return parsed.config;
}
