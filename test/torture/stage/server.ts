import { flushCompileCache } from 'node:module';
import { loadConfig } from '../../../src/commands/load-config.ts';
import { serve } from '../../../src/commands/serve.ts';
import { firstStopSignal } from '../../../src/commands/stop-signals.ts';
import { type Service, startService } from '../../../src/service.ts';
import { createLogger } from '../../../src/telemetry/logger.ts';
import { armedSignal, figuresOf } from './server-messages.ts';

// `serve` in a process of its own, which sends itself a signal at a pause point when its parent wants so.
const config = loadConfig(process.env);
const logger = createLogger(config.log);
let armed: ReturnType<typeof armedSignal>;
let service: Service | undefined;

// Nobody is left who would end it.
process.once('disconnect', () => process.exit(1));

process.on('message', (message) => {
  if (message === 'figures') {
    process.send?.(figuresOf(service));
  } else {
    armed = armedSignal(message);
  }
});

await serve({
  config,
  logger,
  start: (parts) =>
    startService({
      ...parts,
      pause: async (point) => {
        if (armed?.point === point) {
          const { signal } = armed;
          armed = undefined;
          process.send?.('struck');
          process.kill(process.pid, signal);
        }
      },
    }),
  onReady: (started) => {
    service = started;
    process.send?.('ready');
    flushCompileCache();
  },
  stopped: firstStopSignal(logger),
});
process.exit();
