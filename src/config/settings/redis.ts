import { z } from 'zod';
import { redisUrl } from '../rules/connection-url.ts';
import { count, durationMs } from '../rules/number.ts';
import { keyPrefix } from '../rules/text.ts';
import { optionalSetting, setting } from '../setting.ts';

export const redisSettings = {
  url: optionalSetting(redisUrl(), {
    variable: 'REDIS_URL',
    reason: 'Redis makes the service fast, not correct: without it every call asks the ledger in PostgreSQL',
    meaning: 'The Redis or Valkey server that answers repeated calls. Without it the service runs degraded.',
  }),
  prefix: setting(keyPrefix(), {
    variable: 'REDIS_PREFIX',
    default: 'orders',
    reason: 'the name of the service: others may share the server',
    meaning:
      'The first part of every key. Processes of one deployment share it; two deployments on one server must not.',
  }),
  commandTimeoutMs: setting(durationMs({ min: 5, max: 10_000 }), {
    variable: 'REDIS_COMMAND_TIMEOUT_MS',
    default: 250,
    reason: 'a script takes a tenth of a millisecond; after a quarter of a second asking the ledger is quicker',
    meaning: 'How long a call waits for an answer before it goes on without Redis.',
  }),
  connectTimeoutMs: setting(durationMs({ min: 10, max: 60_000 }), {
    variable: 'REDIS_CONNECT_TIMEOUT_MS',
    default: 1_000,
    reason: 'no call waits for it, only a start, once',
    meaning: 'How long opening a connection may take.',
  }),
  slowMs: setting(durationMs({ min: 1, max: 10_000 }), {
    variable: 'REDIS_SLOW_MS',
    default: 100,
    reason: 'a thousand times the usual answer, and more than a read of the ledger costs',
    meaning: 'An answer slower than this counts against the circuit, like an error. Below the command timeout.',
  }),
  circuitFailures: setting(count('failures', { min: 1, max: 1_000 }), {
    variable: 'REDIS_CIRCUIT_FAILURES',
    default: 5,
    reason: 'one lost connection fails a handful of calls and should not open the circuit twice',
    meaning: 'After so many failed or slow answers in a row the circuit opens and calls go straight to the ledger.',
  }),
  circuitProbeMs: setting(durationMs({ min: 10, max: 60_000 }), {
    variable: 'REDIS_CIRCUIT_PROBE_MS',
    default: 1_000,
    reason: 'one try a second does not disturb a server that is coming back, and speed returns within a second',
    meaning: 'How long an open circuit waits before it tries Redis again.',
  }),
};

export const redisRule = z.object(redisSettings).readonly();
