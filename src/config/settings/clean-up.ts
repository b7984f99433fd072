import { z } from 'zod';
import { count, durationMs } from '../rules/number.ts';
import { setting } from '../setting.ts';

const dayMs = 86_400_000;

export const cleanUpSettings = {
  batchRows: setting(count('rows', { min: 1, max: 100_000 }), {
    variable: 'CLEAN_UP_BATCH_ROWS',
    default: 1_000,
    reason: 'a statement of a few milliseconds, which holds no lock that a call would notice',
    meaning: 'How many rows the clean-up deletes in one statement.',
  }),
  pauseMs: setting(durationMs({ min: 0, max: 60_000 }), {
    variable: 'CLEAN_UP_PAUSE_MS',
    default: 50,
    reason: 'leaves the disk to others; 1,000 rows each 60 ms are far more than are placed',
    meaning: 'How long the clean-up rests between two statements.',
  }),
  eventRetentionMs: setting(durationMs({ min: 0, max: 3_650 * dayMs }), {
    variable: 'CLEAN_UP_EVENT_RETENTION_MS',
    default: 30 * dayMs,
    reason: 'a consumer that was down over the holidays can still be given all of its events',
    meaning:
      'How long events, and the steps of processing, are kept in PostgreSQL after the order has come to its end.',
  }),
};

export const cleanUpRule = z.object(cleanUpSettings).readonly();
