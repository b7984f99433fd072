import type { ConfigWith } from '../config/config.ts';
import { ConfigError } from '../config/config-error.ts';
import type { Environment } from '../config/environment.ts';
import { renderWarnings } from '../config/fault-report.ts';
import { parseConfig } from '../config/parse-config.ts';

/** The configuration of a command that needs the database. @throws ConfigError with all faults at once */
export function loadConfig(env: Environment): ConfigWith<'database'> {
  const parsed = parseConfig(env, { requires: ['database'] });
  if (parsed.warnings.length > 0) {
    process.stderr.write(`${renderWarnings(parsed.warnings)}\n`);
  }
  if (!parsed.ok) {
    throw new ConfigError(parsed.faults);
  }
  return parsed.config;
}
