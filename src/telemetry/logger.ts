import { type Logger, pino } from 'pino';
import pretty from 'pino-pretty';

export interface LoggerOptions {
  readonly level: string;
  /** `auto`: for people on a terminal, one JSON object a line elsewhere. */
  readonly format: 'auto' | 'json' | 'pretty';
}

/** Makes the log, on standard output. */
export function createLogger({ level, format }: LoggerOptions): Logger {
  const isPretty = format === 'pretty' || (format === 'auto' && process.stdout.isTTY);
  const options = { level, base: null, timestamp: pino.stdTimeFunctions.isoTime };
  return isPretty ? pino(options, pretty({ sync: true, ignore: 'pid,hostname' })) : pino(options);
}
