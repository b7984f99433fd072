import { describeSettings } from './describe-settings.ts';
import type { Environment } from './environment.ts';
import { renderFaults, renderWarnings } from './fault-report.ts';
import { parseConfig } from './parse-config.ts';
import { renderSettings } from './settings-table.ts';

/** What the command prints, and how it ends. */
export interface ShownConfig {
  readonly output: string;
  /** Faults and warnings, for standard error; empty where there are none. */
  readonly complaints: string;
  readonly exitCode: 0 | 1;
}

/**
 * Every setting with its present value, for `npm run config`. Values that are refused are shown as well: this is the
 * command to run when the service does not start. In JSON the faults and warnings are part of the output.
 */
export function showConfig(
  env: Environment,
  { format, widthColumns }: { readonly format: 'text' | 'json'; readonly widthColumns: number },
): ShownConfig {
  const parsed = parseConfig(env);
  const faults = parsed.ok ? [] : parsed.faults;
  const { warnings } = parsed;
  const described = describeSettings(env);
  const complaints = [renderWarnings(warnings), parsed.ok ? '' : renderFaults(faults, widthColumns)];
  return {
    output:
      format === 'json'
        ? JSON.stringify({ settings: described, faults, warnings }, null, 2)
        : renderSettings(described, widthColumns),
    complaints: complaints.filter(Boolean).join('\n\n'),
    exitCode: parsed.ok ? 0 : 1,
  };
}
