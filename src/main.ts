import { inspect } from 'node:util';
import { Command, Option } from 'commander';
import { loadConfig } from './commands/load-config.ts';
import { runMigrations } from './commands/migrate.ts';
import { printConfig } from './commands/print-config.ts';
import { serve } from './commands/serve.ts';
import { firstStopSignal } from './commands/stop-signals.ts';
import { readEnvironment } from './config/environment.ts';
import { startService } from './service.ts';
import { createLogger } from './telemetry/logger.ts';
import { startWorkerService } from './worker-service.ts';

const program = new Command('order-service').description('A gRPC order service in which every call is safe to repeat.');

program
  .command('start')
  .description('run the service with a PostgreSQL and a Redis of its own, kept under .data/')
  .action(async () => {
    // Only this command needs the development dependency that brings PostgreSQL along.
    const { start } = await import('./commands/start.ts');
    await start(readEnvironment());
  });

program
  .command('serve')
  .description('run the service on the PostgreSQL and Redis that DATABASE_URL and REDIS_URL name')
  .action(async () => {
    const config = loadConfig(readEnvironment());
    const logger = createLogger(config.log);
    await serve({ config, logger, start: startService, stopped: firstStopSignal(logger) });
  });

program
  .command('worker')
  .description('process orders and tell their events, without taking calls; `serve` does so too, unless told not to')
  .action(async () => {
    const config = loadConfig(readEnvironment());
    const logger = createLogger(config.log);
    await serve({ config, logger, start: startWorkerService, stopped: firstStopSignal(logger) });
  });

program
  .command('migrate')
  .description('bring the database to the newest schema')
  .action(async () => {
    const config = loadConfig(readEnvironment());
    await runMigrations(config, createLogger(config.log));
  });

program
  .command('config')
  .description('print every setting with its value, unit, default and meaning')
  .addOption(new Option('--json', 'print JSON').conflicts('writeDocs'))
  .option('--write-docs', 'write the table in docs/configuration.md anew')
  .action((options: { json?: boolean; writeDocs?: boolean }) => printConfig(readEnvironment(), options));

try {
  await program.parseAsync();
} catch (error) {
  process.stderr.write(`${explain(error)}\n`);
  process.exitCode = 1;
}

/** Errors whose message says all that is needed; anything else is told with where it came from. */
function explain(error: unknown): string {
  if (!(error instanceof Error)) {
    return String(error);
  }
  const isSelfExplanatory = [
    'ConfigError',
    'EmbeddedError',
    'ListenError',
    'MetricsListenError',
    'PolicyError',
    'ProcessorError',
    'SharedSessionError',
  ].includes(error.name);
  return isSelfExplanatory ? error.message : inspect(error);
}
