import { DiagLogLevel, diag } from '@opentelemetry/api';
import type { Logger } from 'pino';
import { LineLimit } from './line-limit.ts';

/** A collector that is away for an hour is told of once a minute. */
const WARNING_INTERVAL_MS = 60_000;

/** Has the log tell, now and then, of what the SDK could not send. */
export function tellOfLosses(logger: Logger): void {
  const limit = new LineLimit({ linesMax: 1, windowMs: WARNING_INTERVAL_MS });
  const warn = (message: string) => {
    const notLogged = limit.take('telemetry');
    if (notLogged !== undefined) {
      logger.warn({ reason: message, notLogged }, 'telemetry could not be sent: see OTEL_EXPORTER_OTLP_ENDPOINT');
    }
  };
  const silent = () => {};
  diag.setLogger(
    { error: warn, warn, info: silent, debug: silent, verbose: silent },
    { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true },
  );
}
