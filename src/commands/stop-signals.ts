import type { Logger } from 'pino';

/**
 * Resolves at the first SIGTERM or SIGINT. The second one ends the process at once: whoever sends it does not want to wait.
 */
export function firstStopSignal(logger: Logger): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    let isStopping = false;
    const onSignal = (signal: NodeJS.Signals) => {
      if (isStopping) {
        logger.warn({ signal }, 'the second signal: ending at once');
        process.exit(1);
      }
      isStopping = true;
      logger.info({ signal }, 'stopping: no new calls, running ones may end; a second signal ends at once');
      resolve(signal);
    };
    process.on('SIGTERM', onSignal).on('SIGINT', onSignal);
  });
}
