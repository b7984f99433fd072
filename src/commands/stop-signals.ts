import type { Logger } from 'pino';

/** A person does not press Ctrl-C twice as fast; `npm run` passes on what the terminal has sent to everybody already. */
const SAME_CTRL_C_MS = 500;

/**
 * Resolves at the first SIGTERM, SIGINT, or SIGHUP of a terminal that is closed. The second one ends the process at once: whoever sends it does not want to wait.
 */
export function firstStopSignal(logger: Logger): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    let first: { readonly signal: NodeJS.Signals; readonly atMs: number } | undefined;
    const onSignal = (signal: NodeJS.Signals) => {
      const atMs = performance.now();
      if (first !== undefined) {
        if (signal === 'SIGINT' && first.signal === 'SIGINT' && atMs - first.atMs < SAME_CTRL_C_MS) {
          return;
        }
        logger.warn({ signal }, 'the second signal: ending at once');
        process.exit(1);
      }
      first = { signal, atMs };
      logger.info({ signal }, 'stopping: no new calls, running ones may end; a second signal ends at once');
      resolve(signal);
    };
    process.on('SIGTERM', onSignal).on('SIGINT', onSignal).on('SIGHUP', onSignal);
  });
}
