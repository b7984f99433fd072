import type { Config, Requirement } from '../../../src/config/config.ts';
import { ConfigError } from '../../../src/config/config-error.ts';
import type { Environment } from '../../../src/config/environment.ts';
import type { Fault } from '../../../src/config/fault.ts';
import { parseConfig } from '../../../src/config/parse-config.ts';

/** The configuration; a fault fails the test with its text. */
export function configOf(env: Environment): Config {
  const parsed = parseConfig(env);
  if (!parsed.ok) throw new ConfigError(parsed.faults);
  return parsed.config;
}

/** The faults; none where the configuration is good. */
export function faultsOf(env: Environment, requires: readonly Requirement[] = []): readonly Fault[] {
  const parsed = parseConfig(env, { requires });
  return parsed.ok ? [] : parsed.faults;
}
