import { describe, expect, test } from '@jest/globals';
import { editDistance } from '../../../src/config/edit-distance.ts';
import { renderWarnings } from '../../../src/config/fault-report.ts';
import { parseConfig } from '../../../src/config/parse-config.ts';

describe('a variable that is no setting', () => {
  test.each([
    ['REDIS_TIMEOUT', 'REDIS_COMMAND_TIMEOUT_MS or REDIS_CONNECT_TIMEOUT_MS'],
    ['REDIS_URI', 'REDIS_URL'],
    ['REDIS_KEY_PREFIX', 'REDIS_PREFIX'],
    ['REDIS_SLOW', 'REDIS_SLOW_MS'],
    ['DATABASE_POOL', 'DATABASE_POOL_SIZE'],
    ['DATABSE_URL', 'DATABASE_URL'],
    ['DATABASE_UR', 'DATABASE_URL'],
    ['DATABASE_STATMENT_TIMEOUT_MS', 'DATABASE_STATEMENT_TIMEOUT_MS'],
    ['DATABASE_GRACE_SECONDS', 'DATABASE_GRACE_MS'],
    ['GPRC_LISTEN', 'GRPC_LISTEN'],
    ['GRPC_LISTEN_ADDRESS', 'GRPC_LISTEN'],
    ['IDEMPOTENCY_MAX_CACHED_ANSWER_KB', 'IDEMPOTENCY_MAX_CACHED_ANSWER_BYTES'],
    ['LOG_LEVLE', 'LOG_LEVEL'],
    ['LOGLEVEL', 'LOG_LEVEL'],
    ['log_level', 'LOG_LEVEL'],
    ['METRICS_LISTENER', 'METRICS_LISTEN'],
  ])('%s: did you mean %s?', (variable, meant) => {
    const parsed = parseConfig({ [variable]: 'x' });
    expect(parsed.ok).toBe(true);
    expect(renderWarnings(parsed.warnings)).toBe(
      `${variable} is not a setting and has no effect; did you mean ${meant}?`,
    );
  });

  test.each([
    'REDIS_HOST REDIS_PASSWORD REDIS_PORT REDIS_TLS REDIS_TLS_URL REDIS_VERSION REDIS_SERVICE_HOST REDIS_SERVICE_PORT',
    'REDIS_PORT_6379_TCP REDIS_PORT_6379_TCP_ADDR REDIS_PORT_6379_TCP_PORT REDIS_PORT_6379_TCP_PROTO',
    'REDIS_SLOW_SERVICE_HOST REDIS_SLOW_SERVICE_PORT_METRICS GRPC_LISTEN_PORT ORDERS_SERVICE_PORT_GRPC ORDERS_PORT',
    'DATABASE_HOST DATABASE_NAME DATABASE_USER DATABASE_PASSWORD DATABASE_PRIVATE_URL DATABASE_PUBLIC_URL',
    'GRPC_VERBOSITY GRPC_TRACE GRPC_DNS_RESOLVER GRPC_DEFAULT_SSL_ROOTS_FILE_PATH GRPC_SSL_CIPHER_SUITES',
    'GRPC_NODE_VERBOSITY GRPC_NODE_TRACE GRPC_NODE_USE_ALTERNATIVE_RESOLVER GRPC_EXPERIMENTAL_ENABLE_OUTLIER_DETECTION',
    'LOG_DIR LOG_FILE METRICS_PORT PATH HOME NODE_ENV NODE_OPTIONS npm_config_loglevel HTTPS_PROXY PGPASSWORD',
  ])('is left in peace where somebody else means something by it: %s', (names) => {
    const env = Object.fromEntries(names.split(' ').map((name) => [name, 'x']));
    expect(parseConfig(env)).toMatchObject({ ok: true, warnings: [] });
  });

  test('is left in peace where it is empty', () => {
    expect(parseConfig({ REDIS_URI: '' }).warnings).toEqual([]);
  });

  test('is warned of although something else is wrong', () => {
    expect(parseConfig({ REDIS_URI: 'x', LOG_LEVEL: 'loud' })).toMatchObject({
      ok: false,
      warnings: [{ variable: 'REDIS_URI' }],
    });
  });
});

test.each([
  ['', '', 0],
  ['', 'abc', 3],
  ['abc', 'abc', 0],
  ['abc', 'acb', 1],
  ['abc', 'ab', 1],
  ['abc', 'abxc', 1],
  ['abc', 'axc', 1],
  ['kitten', 'sitting', 3],
])('from %j to %j it is %i letters', (left, right, letters) => {
  expect(editDistance(left, right)).toBe(letters);
  expect(editDistance(right, left)).toBe(letters);
});
