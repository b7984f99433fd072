import { z } from 'zod';
import { type DoctorWorld, doctor, type ExitCode } from '../../../src/commands/doctor.ts';
import { type Stores, testEnvironment } from '../../support/test-config.ts';

const findingRule = z.strictObject({
  check: z.string(),
  level: z.enum(['ok', 'warning', 'fault']),
  message: z.string(),
  advice: z.string().optional(),
  facts: z.record(z.string(), z.unknown()),
});
const reportRule = z.strictObject({ level: z.enum(['ok', 'warning', 'fault']), checks: z.array(findingRule) });

export type Found = z.output<typeof findingRule>;

export interface Examined {
  readonly code: ExitCode;
  readonly level: string;
  readonly checks: readonly Found[];
  /** What a check has found. */
  of(check: string): Found;
  /** The names of the checks at a level. */
  at(level: Found['level']): readonly string[];
}

export interface ExaminedOptions extends Stores {
  readonly settings?: Readonly<Record<string, string>>;
  readonly clock?: DoctorWorld['clock'];
}

/** `npm run doctor -- --json`, in this process. */
export async function examined({ settings, clock, ...stores }: ExaminedOptions): Promise<Examined> {
  const { code, output } = await told({ json: true }, { settings, clock, ...stores });
  const { level, checks } = reportRule.parse(JSON.parse(output));
  return {
    code,
    level,
    checks,
    of: (check) => checks.find((found) => found.check === check) ?? failed(`there is no check ${check}`),
    at: (sought) => checks.filter((found) => found.level === sought).map(({ check }) => check),
  };
}

export interface Told {
  readonly code: ExitCode;
  readonly output: string;
  readonly complaints: string;
}

interface TellOptions extends Stores {
  readonly settings?: ExaminedOptions['settings'] | undefined;
  readonly clock?: ExaminedOptions['clock'] | undefined;
}

/** The doctor with any options, and all that it has written. */
export async function told(
  options: { readonly json?: boolean; readonly requeue?: string },
  { settings = {}, clock, ...stores }: TellOptions,
): Promise<Told> {
  let output = '';
  let complaints = '';
  const code = await doctor(testEnvironment(stores, settings), options, {
    output: { write: (text) => (output += text) },
    complaints: { write: (text) => (complaints += text) },
    ...(clock !== undefined && { clock }),
  });
  return { code, output, complaints };
}

function failed(why: string): never {
  throw new Error(why);
}
