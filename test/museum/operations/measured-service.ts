import { loadConfig } from '../../../src/commands/load-config.ts';
import { firstStopSignal } from '../../../src/commands/stop-signals.ts';
import { startService } from '../../../src/service.ts';
import { createLogger } from '../../../src/telemetry/logger.ts';

// The service as `serve` runs it on a migrated database, in a process that does what it is told: it collects its garbage and says what is left, or waits at a
// pause point, again and again. Needs --expose-gc.
const config = loadConfig(process.env);
const logger = createLogger(config.log);
const stopSignal = firstStopSignal(logger);

let heldPoint: unknown;
let release = () => {};
const service = await startService({
  config,
  logger,
  pause: async (point) => {
    if (point !== heldPoint) return;
    heldPoint = undefined;
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    process.send?.({ heldAt: point });
    await released;
  },
});

/** Twice: what only finalizers held goes with the second. */
function measure(): void {
  globalThis.gc?.();
  setImmediate(() => {
    globalThis.gc?.();
    process.send?.({ heapBytes: process.memoryUsage().heapUsed });
  });
}

process.on('message', (told) => {
  if (told === 'measure') measure();
  else if (told === 'go on') release();
  else heldPoint = told;
});
process.send?.({ port: service.port });
await stopSignal;
await service.stop();
process.disconnect?.();
