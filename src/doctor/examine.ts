import { fault, type Remark } from './remark.ts';
import { explain } from './trouble.ts';

/** Something to look at. */
export interface Check {
  readonly name: string;
  readonly look: () => Promise<Remark>;
}

/** What was found, with the name of the check that has found it. */
export interface Finding extends Remark {
  readonly check: string;
}

/** A connection, a statement and an answer have their own, shorter limits: whoever gets here hangs in a way unforeseen. */
export const CHECK_LIMIT_MS = 6_000;

/** Makes all checks, side by side. Each ends in time, and none throws. */
export function examine(checks: readonly Check[], limitMs = CHECK_LIMIT_MS): Promise<readonly Finding[]> {
  return Promise.all(checks.map(async ({ name, look }) => ({ check: name, ...(await withinLimit(look, limitMs)) })));
}

async function withinLimit(look: () => Promise<Remark>, limitMs: number): Promise<Remark> {
  const limit = Promise.withResolvers<Remark>();
  const timer = setTimeout(
    () => limit.resolve(fault(`gave no answer within ${limitMs} ms`, 'see whether the server hangs', { limitMs })),
    limitMs,
  );
  try {
    return await Promise.race([look().catch(explain), limit.promise]);
  } finally {
    clearTimeout(timer);
  }
}
