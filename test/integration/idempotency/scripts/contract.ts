import { type ScriptName, scriptText } from '../../../../src/idempotency/redis/scripts.ts';

/** What the header of a script says. */
export interface ScriptContract {
  /** The names of ARGV, in order, without their units. */
  readonly argumentNames: readonly string[];
  /** Each outcome, with the names of what follows it in the reply. */
  readonly outcomes: ReadonlyMap<string, readonly string[]>;
}

export function readScriptContract(name: ScriptName): ScriptContract {
  const lines = scriptText(name).split('\n');
  const header = lines.slice(
    0,
    lines.findIndex((line) => !line.startsWith('--')),
  );
  const argumentNames: string[] = [];
  const outcomes = new Map<string, readonly string[]>();
  for (const line of header) {
    const [, position, argumentName] = /^-- ARGV\[(\d+)\]\s+(\w+(?: \w+)*)/.exec(line) ?? [];
    if (position !== undefined && argumentName !== undefined) {
      argumentNames[Number(position) - 1] = argumentName.replace(/ (in|that|on) .*/, '');
    }
    const [, outcome, parts = ''] = /^-- {3}([A-Z_]+)((?:, \w+)*) {2,}\S/.exec(line) ?? [];
    if (outcome !== undefined) {
      outcomes.set(outcome, parts.split(', ').slice(1));
    }
  }
  return { argumentNames, outcomes };
}
