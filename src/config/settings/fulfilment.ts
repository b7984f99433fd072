import { z } from 'zod';
import { trueOrFalse } from '../rules/choice.ts';
import { count, durationMs } from '../rules/number.ts';
import { filePath } from '../rules/text.ts';
import { optionalSetting, setting } from '../setting.ts';

export const fulfilmentSettings = {
  enabled: setting(trueOrFalse(), {
    variable: 'FULFILMENT_ENABLED',
    default: true,
    reason: 'one process is enough to begin with: placed orders come to their end, and events are told',
    meaning: 'Whether `serve` also processes orders. If not, run `npm run worker` beside it.',
  }),
  concurrency: setting(count('orders', { min: 1, max: 1_000 }), {
    variable: 'FULFILMENT_CONCURRENCY',
    default: 8,
    reason: 'steps wait for other systems most of the time; eight at once leave the pool of ten connections usable',
    meaning: 'How many orders one process works on at once.',
  }),
  processor: optionalSetting(filePath(), {
    variable: 'FULFILMENT_PROCESSOR',
    reason: 'the default processor has no effect outside; docs/order-life.md says what it confirms and rejects',
    meaning: 'The module whose default export is your processor, as a path from the working directory.',
  }),
  stepLimitMs: setting(durationMs({ min: 10, max: 3_600_000 }), {
    variable: 'FULFILMENT_STEP_LIMIT_MS',
    default: 30_000,
    reason: 'a call to another system that takes longer hangs; the step is tried again with the same key',
    meaning: 'How long a step may take before it counts as failed.',
  }),
  failuresMax: setting(count('failures', { min: 1, max: 100 }), {
    variable: 'FULFILMENT_FAILURES_MAX',
    default: 12,
    reason:
      'with pauses from one second to five minutes that is a quarter of an hour: an outage that lasts needs a person',
    meaning: 'After so many failures of one step the order is set aside, for `npm run doctor` to show and requeue.',
  }),
  drainLimitMs: setting(durationMs({ min: 0, max: 600_000 }), {
    variable: 'FULFILMENT_DRAIN_LIMIT_MS',
    default: 5_000,
    reason: 'half of what calls get: a step that is cut is run again elsewhere, with the same key',
    meaning: 'After SIGTERM running steps may go on for so long, then their signal is aborted.',
  }),
  heartbeatMs: setting(durationMs({ min: 10, max: 60_000 }), {
    variable: 'FULFILMENT_HEARTBEAT_MS',
    default: 2_000,
    reason: 'one row written every two seconds costs nothing',
    meaning: 'How often a worker says that it is alive.',
  }),
  deadAfterMs: setting(durationMs({ min: 100, max: 3_600_000 }), {
    variable: 'FULFILMENT_DEAD_AFTER_MS',
    default: 10_000,
    reason: 'five heartbeats: a slow database or a long garbage collection is no death',
    meaning: 'A worker that was not heard of for so long is dead, and its orders go to others. Above the heartbeat.',
  }),
};

export const fulfilmentRule = z.object(fulfilmentSettings).readonly();
