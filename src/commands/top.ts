import type { Command } from 'commander';
import type { Environment } from '../config/environment.ts';
import { wholeNumber } from '../simulator/options.ts';
import { option } from './option.ts';

/** What commander makes of the command line. */
interface ParsedOptions {
  readonly interval: number;
  readonly once?: boolean;
}

/** Behind the options in `top --help`. */
const help = `
It reads what a service tells at METRICS_LISTEN, so that has to be set where the service runs. Several endpoints are
shown as one service. Rates are those of the last interval, latencies those of the last ten seconds; what is not known
is a dash. q ends it. Where standard output is no terminal, and with --once, it prints one frame and ends.

Exit codes with --once:
  0  every endpoint was read, however the service is
  1  one could not be read; or the options or the configuration are wrong`;

/** Adds the options of the live view, and what it does, to a command. */
export function addTop(command: Command, readEnvironment: () => Environment): Command {
  return command
    .argument('[endpoints...]', 'URLs of metrics (default: METRICS_LISTEN, else http://127.0.0.1:9464/metrics)')
    .addOption(option('--interval <seconds>', 'between two readings, from 1 to 60', wholeNumber(1, 60)).default(1))
    .option('--once', 'print one frame, of two readings, and end')
    .addHelpText('after', help)
    .action(async (endpoints: readonly string[], { interval, once = false }: ParsedOptions) => {
      // A service need not load what draws on terminals.
      const { top } = await import('../top/top.ts');
      await top(readEnvironment(), endpoints, { intervalMs: interval * 1_000, isOnce: once });
    });
}
