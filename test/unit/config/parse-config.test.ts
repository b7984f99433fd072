import { describe, expect, test } from '@jest/globals';
import type { Config } from '../../../src/config/config.ts';
import { parseConfig } from '../../../src/config/parse-config.ts';
import { configOf, faultsOf } from './parsed.ts';

describe('a configuration', () => {
  test('needs nothing from the environment', () => {
    const config = configOf({});
    expect(config.grpc.listen).toEqual({ host: '127.0.0.1', port: 50_051, authority: '127.0.0.1:50051' });
    expect(config.redis.commandTimeoutMs).toBe(250);
    expect(config.grpc.reflection).toBe(true);
    expect(config.log.level).toBe('info');
    expect(config.database).toHaveProperty('url', undefined);
    expect(config.metrics).toHaveProperty('listen', undefined);
  });

  test('takes what the environment says, typed', () => {
    const config = configOf({
      DATABASE_URL: 'postgresql://app@db/orders',
      REDIS_URL: 'rediss://:geheim@cache:6380/2',
      DATABASE_POOL_SIZE: '25',
      GRPC_LISTEN: '[::1]:0',
      GRPC_REFLECTION: 'false',
      LOG_FORMAT: 'json',
      METRICS_LISTEN: '0.0.0.0:9464',
    });
    expect(config.database.url).toBe('postgresql://app@db/orders');
    expect(config.redis.url).toBe('rediss://:geheim@cache:6380/2');
    expect(config.database.poolSize).toBe(25);
    expect(config.grpc.listen).toEqual({ host: '::1', port: 0, authority: '[::1]:0' });
    expect(config.grpc.reflection).toBe(false);
    expect(config.log.format).toBe('json');
    expect(config.metrics.listen?.port).toBe(9464);
  });

  test('treats an empty value as none', () => {
    expect(configOf({ DATABASE_URL: '', DATABASE_POOL_SIZE: '', GRPC_LISTEN: '' })).toEqual(configOf({}));
  });

  test('does not look at variables that are inherited by the object', () => {
    expect(configOf(Object.assign(Object.create(null), { LOG_LEVEL: 'warn' })).log.level).toBe('warn');
  });

  test('is frozen to its depth', () => {
    expect(mutableParts(configOf({ METRICS_LISTEN: 'localhost:0' }))).toEqual([]);
  });

  test('has a database where one is required, also for the compiler', () => {
    const parsed = parseConfig({ DATABASE_URL: 'postgres://db/orders' }, { requires: ['database'] });
    const url: string | undefined = parsed.ok ? lengthOf(parsed.config.database.url) : undefined;
    expect(url).toBe('20 characters');
  });

  test.each([[{}], [{ DATABASE_URL: '' }]])('without a database is a fault where one is required: %j', (env) => {
    expect(faultsOf(env, ['database'])).toEqual([
      {
        variable: 'DATABASE_URL',
        value: undefined,
        problem: 'is not set',
        expected: 'postgres://user:password@host:port/database',
        remedy: expect.stringContaining('npm start'),
      },
    ]);
  });

  test('reports one fault, not two, for a required database with a bad URL', () => {
    expect(faultsOf({ DATABASE_URL: 'mysql://db/orders' }, ['database'])).toHaveLength(1);
  });

  test('reports all faults together', () => {
    const faults = faultsOf(
      {
        GRPC_LISTEN: '50051',
        DATABASE_POOL_SIZE: '0',
        REDIS_URL: 'http://cache',
        REDIS_SLOW_MS: '300',
        LOG_LEVEL: 'loud',
        GRPC_REFLECTION: 'maybe',
      },
      ['database'],
    );
    expect(faults.map((fault) => fault.variable).sort()).toEqual([
      'DATABASE_POOL_SIZE',
      'DATABASE_URL',
      'GRPC_LISTEN',
      'GRPC_REFLECTION',
      'LOG_LEVEL',
      'REDIS_COMMAND_TIMEOUT_MS',
      'REDIS_URL',
    ]);
  });
});

describe('settings that depend on each other', () => {
  test.each([
    ['DATABASE_SILENCE_LIMIT_MS', { DATABASE_SILENCE_LIMIT_MS: '5000' }],
    ['DATABASE_SILENCE_LIMIT_MS', { DATABASE_STATEMENT_TIMEOUT_MS: '8000' }],
    ['DATABASE_STATEMENT_TIMEOUT_MS', { DATABASE_LOCK_TIMEOUT_MS: '5000' }],
    ['DATABASE_GRACE_MS', { DATABASE_PROBE_INTERVAL_MS: '5000' }],
    ['REDIS_COMMAND_TIMEOUT_MS', { REDIS_SLOW_MS: '250' }],
    ['FULFILMENT_DEAD_AFTER_MS', { FULFILMENT_HEARTBEAT_MS: '10000' }],
  ])('%s must be the larger one: %j', (variable, env) => {
    const faults = faultsOf(env);
    expect(faults.map((fault) => fault.variable)).toEqual([variable]);
    expect(faults[0]?.problem).toContain(Object.keys(env).includes(variable) ? 'is not above' : Object.keys(env)[0]);
    expect(faults[0]?.expected).toContain('because');
  });

  test('are compared although something else is wrong', () => {
    const variables = faultsOf({ LOG_LEVEL: 'loud', REDIS_SLOW_MS: '250' }).map((fault) => fault.variable);
    expect(variables).toEqual(['LOG_LEVEL', 'REDIS_COMMAND_TIMEOUT_MS']);
  });

  test('are not compared when one of them is refused by itself', () => {
    const variables = faultsOf({ REDIS_SLOW_MS: '99999' }).map((fault) => fault.variable);
    expect(variables).toEqual(['REDIS_SLOW_MS']);
  });

  test('may differ by one', () => {
    expect(configOf({ REDIS_SLOW_MS: '249' }).redis.slowMs).toBe(249);
  });
});

function lengthOf(text: string): string {
  return `${text.length} characters`;
}

function mutableParts(config: Config): string[] {
  const parts: [path: string, part: unknown][] = [['config', config]];
  const mutable: string[] = [];
  for (const [path, part] of parts) {
    if (typeof part !== 'object' || part === null) continue;
    if (!Object.isFrozen(part)) mutable.push(path);
    parts.push(...Object.entries(part).map(([name, value]): [string, unknown] => [`${path}.${name}`, value]));
  }
  return mutable;
}
