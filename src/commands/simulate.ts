import { randomInt } from 'node:crypto';
import type { Command } from 'commander';
import type { Environment } from '../config/environment.ts';
import { type SimulationOptions, seed, share, target, wholeNumber } from '../simulator/options.ts';
import { option } from './option.ts';

/** What commander makes of the command line. */
type ParsedOptions = Omit<SimulationOptions, 'killWorkersEverySeconds' | 'redisRestarts' | 'target' | 'seed'> & {
  readonly killWorkersEvery?: number;
  readonly restartRedis: number;
  readonly target?: SimulationOptions['target'];
  readonly seed?: string;
};

/** Adds the options of the simulator, and what it does, to a command. */
export function addSimulation(command: Command, readEnvironment: () => Environment): Command {
  return command
    .addOption(option('--rate <orders>', 'new orders a second, from 1 to 1000', wholeNumber(1, 1_000)).default(50))
    .addOption(option('--seconds <seconds>', 'how long, from 1 to 3600', wholeNumber(1, 3_600)).default(30))
    .addOption(option('--duplicates <share>', 'of calls that are repeated with the same key', share).default(0.3))
    .addOption(option('--cancels <share>', 'of orders that are cancelled', share).default(0.1))
    .addOption(
      option('--faults <share>', 'of calls whose connection is cut, and of steps that go wrong outside', share).default(
        0.05,
      ),
    )
    .addOption(option('--watches <share>', 'of orders that are watched', share).default(0.2))
    .addOption(option('--workers <number>', 'worker processes, from 1 to 16', wholeNumber(1, 16)).default(2))
    .addOption(
      option('--kill-workers-every <seconds>', 'kill -9 a worker so often, and start another', wholeNumber(1, 3_600)),
    )
    .addOption(
      option('--restart-redis <times>', 'kill -9 Redis so often, and start it again', wholeNumber(0, 100)).default(0),
    )
    .addOption(option('--seed <text>', 'everything random comes from it; a new one unless given', seed))
    .addOption(
      option(
        '--target <host:port>',
        'use a service that runs already; its DATABASE_URL and REDIS_URL are needed',
        target,
      ).conflicts(['workers', 'killWorkersEvery', 'restartRedis']),
    )
    .action(async (parsed: ParsedOptions) => {
      const { killWorkersEvery, restartRedis, ...rest } = parsed;
      // What it needs beside the service is not installed in production.
      const { simulate } = await import('../simulator/simulate.ts');
      const exitCode = await simulate(
        {
          ...rest,
          killWorkersEverySeconds: killWorkersEvery,
          redisRestarts: restartRedis,
          seed: parsed.seed ?? String(randomInt(1_000_000_000)),
          target: parsed.target,
        },
        readEnvironment(),
      );
      // Everything is closed and printed. Node 26 has been seen to spin for ever in its own clean-up after so many cut connections.
      process.exit(exitCode);
    });
}
