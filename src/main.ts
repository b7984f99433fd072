import { inspect } from 'node:util';
import { Command, InvalidArgumentError, Option } from 'commander';
import { type DoctorOptions, doctor, doctorHelp } from './commands/doctor.ts';
import { loadConfig } from './commands/load-config.ts';
import { runMigrations } from './commands/migrate.ts';
import { printConfig } from './commands/print-config.ts';
import { rebuildEvents } from './commands/rebuild-events.ts';
import { isSelfExplanatory } from './commands/self-explanatory.ts';
import { serve } from './commands/serve.ts';
import { addSimulation } from './commands/simulate.ts';
import { firstStopSignal } from './commands/stop-signals.ts';
import { addTop } from './commands/top.ts';
import { readEnvironment } from './config/environment.ts';
import { startService } from './service.ts';
import { createLogger } from './telemetry/logger.ts';
import { allWritten } from './telemetry/standard-output.ts';
import { startWorkerService } from './worker-service.ts';

/** The commands that run until they are stopped. What others print is waited for, as for a person who pages through it. */
const services: ReadonlySet<string> = new Set(['start', 'serve', 'worker']);
const LAST_WORDS_MS = 1_000;

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
  .command('events')
  .description('look after the stream of events in Redis')
  .command('rebuild')
  .description('delete the stream and fill it again from PostgreSQL, under the same numbers')
  .addOption(
    new Option('--after <number>', 'only the events behind this number').default(0n, '0').argParser(wholeNumber),
  )
  .action(async ({ after }: { after: bigint }) => {
    const config = loadConfig(readEnvironment());
    const logger = createLogger({ ...config.log, level: 'warn' });
    await rebuildEvents({ config, logger, print: (line) => void process.stdout.write(`${line}\n`), after });
  });

program
  .command('doctor')
  .description('look at the deployment and say what is well, what is not, and what to do')
  .addOption(new Option('--json', 'print JSON'))
  .option('--requeue <order-id|all>', 'give orders that were set aside another try, and print which')
  .addHelpText('after', doctorHelp)
  // Wrong options, like a wrong configuration, say nothing about the deployment.
  .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : 2))
  .action(async (options: DoctorOptions) => {
    process.exitCode = await doctor(readEnvironment(), options);
  });

addSimulation(
  program
    .command('simulate')
    .description(
      'behave as many clients would while things fail, then prove from the database that nothing was doubled',
    ),
  readEnvironment,
);

addTop(
  program
    .command('top')
    .description('show how a running service is: calls, latencies, Redis, the queue; live on a terminal, else once'),
  readEnvironment,
);

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
// Everything of ours has ended. A step that does not listen to its signal must not keep the process, nor must whoever does not read a service's log any more.
await allWritten(process.stdout, services.has(program.args[0] ?? '') ? LAST_WORDS_MS : undefined);
process.exit();

function wholeNumber(text: string): bigint {
  if (!/^\d{1,18}$/.test(text)) {
    throw new InvalidArgumentError('It must be a whole number.');
  }
  return BigInt(text);
}

/** Errors whose message says all that is needed; anything else is told with where it came from. */
function explain(error: unknown): string {
  if (!(error instanceof Error)) {
    return String(error);
  }
  if (isSelfExplanatory(error)) {
    return error.message;
  }
  return isRefusalByPostgres(error) ? `PostgreSQL refuses: ${error.message}. See DATABASE_URL.` : inspect(error);
}

/** A wrong password, role or database: classes 28 and 3D of SQLSTATE. */
function isRefusalByPostgres(error: Error): boolean {
  return 'severity' in error && 'code' in error && /^(28|3D)/.test(String(error.code));
}
