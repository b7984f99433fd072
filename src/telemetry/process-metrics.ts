import { monitorEventLoopDelay, performance } from 'node:perf_hooks';
import type { Metrics } from './metrics.ts';

const NANOSECONDS_PER_SECOND = 1e9;
const MICROSECONDS_PER_SECOND = 1e6;

/** How late a timer of this interval is, is the delay of the loop. */
const RESOLUTION_MS = 10;

/** Has the figures of this process read. */
export function readProcess(metrics: Metrics): void {
  metrics.read('cpuTime', () => process.cpuUsage().user / MICROSECONDS_PER_SECOND, { 'cpu.mode': 'user' });
  metrics.read('cpuTime', () => process.cpuUsage().system / MICROSECONDS_PER_SECOND, { 'cpu.mode': 'system' });
  metrics.read('memory', () => process.memoryUsage.rss(), {});
  metrics.read('uptime', () => process.uptime(), {});

  const delays = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  delays.enable();
  metrics.read(
    'eventLoopDelay',
    () => {
      const seconds = delays.percentile(99) / NANOSECONDS_PER_SECOND;
      delays.reset();
      return seconds;
    },
    {},
  );
  let last = performance.eventLoopUtilization();
  metrics.read(
    'eventLoopUse',
    () => {
      const now = performance.eventLoopUtilization();
      const { utilization } = performance.eventLoopUtilization(now, last);
      last = now;
      return utilization;
    },
    {},
  );
}
