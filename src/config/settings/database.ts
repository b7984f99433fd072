import { z } from 'zod';
import { postgresUrl } from '../rules/connection-url.ts';
import { count, durationMs } from '../rules/number.ts';
import { optionalSetting, setting } from '../setting.ts';

export const databaseSettings = {
  url: optionalSetting(postgresUrl(), {
    variable: 'DATABASE_URL',
    reason: 'guessing a database would be worse than stopping; `npm start` brings its own',
    meaning:
      'The PostgreSQL database that holds orders and the ledger. Required by all commands but `start`, `config` and `simulate`.',
  }),
  poolSize: setting(count('connections', { min: 1, max: 100 }), {
    variable: 'DATABASE_POOL_SIZE',
    default: 10,
    reason: 'a call holds a connection for a few milliseconds, and each one is a process on the database server',
    meaning:
      'How many connections this process keeps open at most for calls. Processing and events have some of their own: `npm run doctor` counts all.',
  }),
  connectTimeoutMs: setting(durationMs({ min: 10, max: 60_000 }), {
    variable: 'DATABASE_CONNECT_TIMEOUT_MS',
    default: 2_000,
    reason: 'long enough for a TLS handshake far away, short enough that a caller can still retry before its deadline',
    meaning: 'How long opening a connection may take; also how long a call waits for a free one.',
  }),
  statementTimeoutMs: setting(durationMs({ min: 10, max: 600_000 }), {
    variable: 'DATABASE_STATEMENT_TIMEOUT_MS',
    default: 5_000,
    reason: 'the slowest statement takes milliseconds; five seconds is a fault, not a load',
    meaning: 'How long PostgreSQL works on one statement before it cancels it.',
  }),
  lockTimeoutMs: setting(durationMs({ min: 1, max: 60_000 }), {
    variable: 'DATABASE_LOCK_TIMEOUT_MS',
    default: 1_000,
    reason:
      'duplicates that wait on the row of a slow call must give their connections back before the pool is drained',
    meaning: 'How long a statement waits for a lock. Below the statement timeout.',
  }),
  idleInTransactionTimeoutMs: setting(durationMs({ min: 10, max: 600_000 }), {
    variable: 'DATABASE_IDLE_IN_TRANSACTION_TIMEOUT_MS',
    default: 10_000,
    reason: 'twice the statement timeout: only a process that hangs leaves a transaction open for so long',
    meaning: 'How long a transaction may stand open without a statement before PostgreSQL ends its connection.',
  }),
  silenceLimitMs: setting(durationMs({ min: 20, max: 900_000 }), {
    variable: 'DATABASE_SILENCE_LIMIT_MS',
    default: 8_000,
    reason:
      'the statement timeout plus time for its error to arrive; a network that drops packets sends no error at all',
    meaning: 'How long a busy connection may hear nothing before it is destroyed. Above the statement timeout.',
  }),
  probeIntervalMs: setting(durationMs({ min: 10, max: 60_000 }), {
    variable: 'DATABASE_PROBE_INTERVAL_MS',
    default: 1_000,
    reason: 'a failure is known within about a second and the query costs nothing measurable',
    meaning: 'How often a heartbeat query asks whether the database is there.',
  }),
  graceMs: setting(durationMs({ min: 20, max: 600_000 }), {
    variable: 'DATABASE_GRACE_MS',
    default: 5_000,
    reason: 'a failover or a restart often takes a few seconds; a quick flip would send all traffic to the neighbours',
    meaning: 'How long the database may be gone before health says NOT_SERVING. Above the probe interval.',
  }),
};

export const databaseRule = z.object(databaseSettings).readonly();
