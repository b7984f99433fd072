import type { Fault } from './fault.ts';
import { renderFaults } from './fault-report.ts';

/** The configuration has faults. The message names all of them and is meant to be printed as it is, without a stack. */
export class ConfigError extends Error {
  readonly code = 'CONFIG_INVALID';
  readonly faults: readonly Fault[];

  constructor(faults: readonly Fault[]) {
    super(renderFaults(faults));
    this.name = 'ConfigError';
    this.faults = faults;
  }
}
