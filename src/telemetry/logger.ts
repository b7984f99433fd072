import { type DestinationStream, type Logger, pino } from 'pino';
import { prettyFactory } from 'pino-pretty';
import { logDestination } from './standard-output.ts';

export interface LoggerOptions {
  readonly level: string;
  /** `auto`: for people on a terminal, one JSON object a line elsewhere. */
  readonly format: 'auto' | 'json' | 'pretty';
}

/** Makes the log, on standard output. */
export function createLogger({ level, format }: LoggerOptions): Logger {
  const destination = logDestination(process.stdout, (lines) =>
    logger.warn({ lines }, 'lines of the log were dropped, because standard output was not read'),
  );
  const isPretty = format === 'pretty' || (format === 'auto' && process.stdout.isTTY);
  const options = { level, base: null, timestamp: pino.stdTimeFunctions.isoTime };
  const logger = pino(options, isPretty ? prettily(destination) : destination);
  return logger;
}

function prettily(destination: DestinationStream): DestinationStream {
  const pretty = prettyFactory({ ignore: 'pid,hostname' });
  return { write: (line) => destination.write(pretty(line)) };
}
