import { z } from 'zod';
import { count, durationMs, sizeBytes } from '../rules/number.ts';
import { setting } from '../setting.ts';

const dayMs = 86_400_000;
const kibibyte = 1_024;

export const idempotencySettings = {
  memoryMs: setting(durationMs({ min: 0, max: 365 * dayMs }), {
    variable: 'IDEMPOTENCY_MEMORY_MS',
    default: 7 * dayMs,
    reason: 'a queue that was stuck over a long weekend is retried within a week',
    meaning:
      'How long an expired key is still remembered, so that a late retry is refused instead of ordering again. ' +
      '0: a late retry is a new order.',
  }),
  maxWaitersPerKey: setting(count('calls', { min: 1, max: 10_000 }), {
    variable: 'IDEMPOTENCY_MAX_WAITERS_PER_KEY',
    default: 100,
    reason: 'a client retries a call a few times; a hundred at once is a client in a loop',
    meaning: 'How many duplicates of one running call wait in this process. More are told at once to come back.',
  }),
  handlerLimitMs: setting(durationMs({ min: 100, max: 600_000 }), {
    variable: 'IDEMPOTENCY_HANDLER_LIMIT_MS',
    default: 30_000,
    reason: 'several times the statement timeout: a handler that is still silent hangs',
    meaning: 'A handler that has not answered by then is given up: the caller hears that the outcome is unknown.',
  }),
  recheckMs: setting(durationMs({ min: 10, max: 60_000 }), {
    variable: 'IDEMPOTENCY_RECHECK_MS',
    default: 1_000,
    reason: 'wake-ups arrive at once unless a connection breaks; this only bounds what a lost one costs',
    meaning: 'How often a waiting duplicate looks for itself, in case its wake-up was lost.',
  }),
  maxCachedAnswerBytes: setting(sizeBytes({ min: 0, max: 16 * 1_024 * kibibyte }), {
    variable: 'IDEMPOTENCY_MAX_CACHED_ANSWER_BYTES',
    default: 256 * kibibyte,
    reason: 'an order of a hundred items is a tenth of this; large values hold up every other command of Redis',
    meaning: 'Larger answers are kept in the ledger only. 0: all of them.',
  }),
};

export const idempotencyRule = z.object(idempotencySettings).readonly();
