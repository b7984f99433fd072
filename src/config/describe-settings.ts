import type { Environment } from './environment.ts';
import { masked } from './mask.ts';
import { settings } from './settings.ts';

/** A setting with its present value, for people. */
export interface DescribedSetting {
  readonly variable: string;
  /** Where the value stands in the configuration, e.g. `redis.commandTimeoutMs`. */
  readonly path: string;
  /** The value in force, as text, with its secrets masked; null where there is none. */
  readonly value: string | null;
  readonly source: 'environment' | 'default' | 'unset';
  readonly unit: string;
  readonly default: string | null;
  readonly expected: string;
  readonly meaning: string;
  /** Why the default is what it is. */
  readonly reason: string;
  readonly isSecret: boolean;
}

/** Every setting with its value in an environment, also where that value is refused by the parser. */
export function describeSettings(env: Environment): DescribedSetting[] {
  return settings.map((setting) => {
    const { variable, unit, expected, meaning, reason, room, name } = setting;
    const text = env[variable] ?? '';
    const isDefault = text === '';
    const source = isDefault ? (setting.default === undefined ? 'unset' : 'default') : 'environment';
    return {
      variable,
      path: `${room}.${name}`,
      value: isDefault ? (setting.default ?? null) : masked(setting, text),
      source,
      unit,
      default: setting.default ?? null,
      expected,
      meaning,
      reason,
      isSecret: setting.secrecy !== 'open',
    };
  });
}
