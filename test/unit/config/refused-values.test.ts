import { describe, expect, test } from '@jest/globals';
import { configOf, faultsOf } from './parsed.ts';

type Row = readonly [variable: string, value: string, problem: string, remedy?: string];

const refused: readonly Row[] = [
  ...['10abc', '1e3', '0x10', '1_000', '1,000', '1.5', '+5', '007', '-0', 'NaN', 'Infinity', '٣'].map(
    (value): Row => ['DATABASE_POOL_SIZE', value, 'is not a whole number in plain digits'],
  ),
  ['DATABASE_POOL_SIZE', '0', 'is below 1', 'correct it, or unset it for the default 10'],
  ['DATABASE_POOL_SIZE', '-5', 'is below 1'],
  ['DATABASE_POOL_SIZE', '101', 'is above 100'],
  ['DATABASE_POOL_SIZE', '9'.repeat(400), 'is above 100'],
  ['DATABASE_POOL_SIZE', '10 ', 'has a blank or a line break at its edge', 'remove the blank'],
  ['DATABASE_POOL_SIZE', ' ', 'has a blank or a line break at its edge'],
  ['GRPC_DRAIN_LIMIT_MS', '-1', 'is below 0'],
  ['REDIS_COMMAND_TIMEOUT_MS', '1s', 'is not a whole number', 'write 1000 if you mean 1s'],
  ['REDIS_COMMAND_TIMEOUT_MS', '0.5s', 'is not a whole number', 'write 500 if'],
  ['GRPC_CALL_LIMIT_MS', '2 min', 'is not a whole number', 'write 120000 if'],
  ['GRPC_MAX_REQUEST_BYTES', '2MiB', 'is not a whole number', 'write 2097152 if you mean 2MiB'],
  ['GRPC_MAX_REQUEST_BYTES', '0', 'is below 1024'],

  ['GRPC_REFLECTION', 'yes', 'is neither true nor false', 'write true'],
  ['GRPC_REFLECTION', '0', 'is neither true nor false', 'write false'],
  ['GRPC_REFLECTION', 'maybe', 'is neither true nor false', 'correct it'],
  ['LOG_LEVEL', 'INFO', 'is not one of trace, debug', 'write info in lower case'],
  ['LOG_LEVEL', 'verbose', 'is not one of trace, debug', 'correct it'],
  ['LOG_FORMAT', 'text', 'is not one of auto, json, pretty'],

  ['GRPC_LISTEN', '50051', 'is not host:port', 'write 127.0.0.1:50051 for this machine only'],
  ['GRPC_LISTEN', ':50051', 'names no host', 'or 0.0.0.0:50051 for every network'],
  ['GRPC_LISTEN', 'localhost', 'is not host:port'],
  ['GRPC_LISTEN', 'localhost:http', 'is not host:port'],
  ['GRPC_LISTEN', '::1:50051', 'is not host:port', 'write [::1]:50051'],
  ['GRPC_LISTEN', '[::1]', 'is not host:port'],
  ['GRPC_LISTEN', '[localhost]:1', 'has something in brackets that is not an IPv6 address'],
  ['GRPC_LISTEN', '127.0.0.1:65536', 'has a port above 65535'],
  ['GRPC_LISTEN', '256.0.0.1:1', 'has a host that is not an IPv4 address'],
  ['GRPC_LISTEN', 'a b:1', 'has a host that is neither a name nor an address'],
  ['METRICS_LISTEN', 'http://localhost:9464', 'is not host:port'],

  ['DATABASE_URL', 'mysql://db/orders', 'does not begin with postgres:// or postgresql://'],
  ['DATABASE_URL', 'postgres:/db/orders', 'does not begin with'],
  ['DATABASE_URL', 'db.example/orders', 'does not begin with'],
  ['DATABASE_URL', 'postgres://db', 'names no database', 'end it with / and the name of the database'],
  ['DATABASE_URL', 'postgres://db/', 'names no database'],
  ['DATABASE_URL', 'postgres:///orders', 'names no host'],
  ['DATABASE_URL', 'postgres://db:0/orders', 'has port 0'],
  ['DATABASE_URL', 'postgres://db:port/orders', 'is not a URL'],
  ['DATABASE_URL', 'postgres://db:99999/orders', 'is not a URL'],
  ['DATABASE_URL', 'postgres://app:a%b@db/orders', 'has a % that does not begin an escape', 'write % as %25'],
  ['DATABASE_URL', 'postgres://app:a/b@db/orders', 'has a special character', 'write @ as %40, / as %2F'],
  ['DATABASE_URL', 'postgres://app:a#b@db/orders', 'has a special character'],
  ['DATABASE_URL', 'postgres://app:a?b@db/orders', 'has a special character'],
  [
    'DATABASE_URL',
    'postgres://db/orders\n',
    'has a blank or a line break at its edge',
    'remove the blank or line break',
  ],
  ['REDIS_URL', 'cache:6379', 'does not begin with redis:// or rediss://'],
  ['REDIS_URL', 'redis://cache/main', 'has a path that is not the number of a database'],

  ['REDIS_PREFIX', 'Orders', 'is not 1 to 32 of a-z'],
  ['REDIS_PREFIX', 'a{b}', 'is not 1 to 32 of a-z'],
  ['REDIS_PREFIX', 'a'.repeat(33), 'is not 1 to 32 of a-z'],
  ['ORDERS_PAGE_TOKEN_SECRET', 'x'.repeat(31), 'is shorter than 32 characters', 'openssl rand'],
  ['ORDERS_PAGE_TOKEN_SECRET', 'x'.repeat(1_025), 'is longer than 1024 characters'],
];

describe('a refused value', () => {
  test.each(refused)('%s=%j %s', (variable, value, problem, remedy = '') => {
    const faults = faultsOf({ [variable]: value });
    expect(faults).toHaveLength(1);
    expect(faults[0]).toMatchObject({
      variable,
      problem: expect.stringContaining(problem),
      expected: expect.stringMatching(/./),
      remedy: expect.stringContaining(remedy),
    });
  });
});

describe('an accepted value', () => {
  test.each([
    ['DATABASE_URL', 'postgres://app:p%40ss%2Fw%25rd@db.example:5432/orders?sslmode=verify-full'],
    ['DATABASE_URL', 'POSTGRESQL://[::1]:5432/orders'],
    ['REDIS_URL', 'redis://cache'],
    ['REDIS_URL', 'redis://cache/'],
    ['REDIS_URL', 'redis://default:geheim@cache:6379/15'],
    ['REDIS_PREFIX', 'eu-1:orders.v2_a'],
    ['GRPC_LISTEN', '[fe80::1]:50051'],
    ['GRPC_LISTEN', 'orders.internal:50051'],
    ['GRPC_MAX_REQUEST_BYTES', '1024'],
    ['GRPC_MAX_REQUEST_BYTES', '67108864'],
    ['GRPC_DRAIN_LIMIT_MS', '0'],
    ['ORDERS_PAGE_TOKEN_SECRET', 'x'.repeat(32)],
    ['LOG_LEVEL', 'silent'],
  ])('%s=%s', (variable, value) => {
    expect(() => configOf({ [variable]: value })).not.toThrow();
  });
});
