import type { Config, ConfigWith, Requirement } from './config.ts';
import type { Environment } from './environment.ts';
import type { Fault, Warning } from './fault.ts';
import { masked } from './mask.ts';
import { nearMisses } from './near-misses.ts';
import { contradictions } from './relations.ts';
import { configRule, type Setting, settings } from './settings.ts';

export type ParsedConfig<Required extends Requirement> =
  | { readonly ok: true; readonly config: ConfigWith<Required>; readonly warnings: readonly Warning[] }
  | { readonly ok: false; readonly faults: readonly Fault[]; readonly warnings: readonly Warning[] };

/**
 * Makes the configuration from an environment. Never throws: all faults come together, and warnings in either case.
 * An empty value is the same as none. With `requires: ['database']` a missing DATABASE_URL is a fault and
 * `config.database.url` a string.
 */
export function parseConfig<Required extends Requirement = never>(
  env: Environment,
  { requires = [] }: { readonly requires?: readonly Required[] } = {},
): ParsedConfig<Required> {
  const warnings = nearMisses(env);
  const parsed = configRule.safeParse(byRoom(env));
  const faults = [
    ...(parsed.error?.issues ?? []).flatMap(({ path, message }) => refusal(env, path, message)),
    ...missing(env, requires),
    ...contradictions(env),
  ];
  if (parsed.success && faults.length === 0 && hasRequired(parsed.data, requires)) {
    return { ok: true, config: parsed.data, warnings };
  }
  return { ok: false, faults, warnings };
}

function byRoom(env: Environment): unknown {
  const rooms: Record<string, Record<string, string | undefined>> = {};
  for (const { room, name, variable } of settings) {
    rooms[room] = { ...rooms[room], [name]: env[variable] };
  }
  return rooms;
}

function refusal(env: Environment, [room, name]: readonly PropertyKey[], problem: string): Fault[] {
  return settings
    .filter((setting) => setting.room === room && setting.name === name)
    .map((setting) => {
      const value = env[setting.variable] ?? '';
      return {
        variable: setting.variable,
        value: masked(setting, value),
        problem,
        expected: setting.expected,
        remedy: remedyFor(setting, value),
      };
    });
}

function remedyFor(setting: Setting, refused: string): string {
  const isPadded = refused !== refused.trim();
  const remedy = isPadded ? 'remove the blank or line break' : (setting.remedyFor?.(refused) ?? 'correct it');
  return setting.default === undefined ? remedy : `${remedy}, or unset it for the default ${setting.default}`;
}

function missing(env: Environment, requires: readonly Requirement[]): Fault[] {
  return settings
    .filter(({ room, name }) => name === 'url' && requires.some((required) => required === room))
    .filter(({ variable }) => (env[variable] ?? '') === '')
    .map(({ variable, expected }) => ({
      variable,
      value: undefined,
      problem: 'is not set',
      expected,
      remedy: 'set it, or run `npm start`, which brings a database of its own',
    }));
}

function hasRequired<Required extends Requirement>(
  config: Config,
  requires: readonly Required[],
): config is ConfigWith<Required> {
  return requires.every((room) => config[room].url !== undefined);
}
