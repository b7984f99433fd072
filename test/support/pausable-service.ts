import { flushCompileCache } from 'node:module';
import { loadConfig } from '../../src/commands/load-config.ts';
import { firstStopSignal } from '../../src/commands/stop-signals.ts';
import { startService } from '../../src/service.ts';
import { createLogger } from '../../src/telemetry/logger.ts';

// The service as `serve` runs it on a migrated database, with a pause point that the parent process controls.
const { PAUSE_AT, PAUSE_EACH, ...env } = process.env;
const config = loadConfig(env);
const logger = createLogger(config.log);
const stopSignal = firstStopSignal(logger);

let hasPaused = false;
const service = await startService({
  config,
  logger,
  ...(PAUSE_AT && {
    pause: async (point) => {
      if (point === PAUSE_AT && (!hasPaused || PAUSE_EACH !== undefined)) {
        hasPaused = true;
        const resumed = new Promise<void>((resolve) => process.once('message', () => resolve()));
        process.send?.('paused');
        await resumed;
      }
    },
  }),
});
process.send?.(service.port);
flushCompileCache();
await stopSignal;
await service.stop();
process.disconnect?.();
