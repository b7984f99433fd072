import { sqlStateOf } from '../database/sql-state.ts';
import { oneLine } from './one-line.ts';
import { fault, type Remark, warning } from './remark.ts';

export type Server = 'PostgreSQL' | 'Redis';

/** A server did not answer, or let us not in. */
export class UnreachableError extends Error {
  override readonly name = 'UnreachableError';
  readonly server: Server;

  constructor(server: Server, cause: unknown) {
    super(reasonOf(cause), { cause });
    this.server = server;
  }
}

/** Redis has answered with an error. */
export class RefusedError extends Error {
  override readonly name = 'RefusedError';

  /** Redis says why in its first word. */
  get code(): string {
    return this.message.split(' ', 1)[0] ?? '';
  }
}

/** Tables and schemas that are not there. */
const NOT_MIGRATED: ReadonlySet<string> = new Set(['42P01', '3F000', '42703']);
const FORBIDDEN = '42501';
const TOO_SLOW = '57014';

/** What there is to say where a check could not be made. */
export function explain(error: unknown): Remark {
  if (error instanceof UnreachableError) {
    // What to do is said once, by the check that looks for the way.
    return { level: 'warning', message: `not looked at: no way to ${error.server}`, facts: {} };
  }
  const state = sqlStateOf(error);
  if (state !== undefined && NOT_MIGRATED.has(state)) {
    return warning('not looked at: the tables are not there', 'see what is said of the migrations');
  }
  if (state === FORBIDDEN || (error instanceof RefusedError && error.code === 'NOPERM')) {
    return warning(
      `not looked at: ${oneLine(reasonOf(error))}`,
      'let the user of the service read this, or look by hand',
    );
  }
  if (state === TOO_SLOW) {
    return fault('PostgreSQL needed too long to say', 'look for what keeps it busy: select * from pg_stat_activity');
  }
  return fault(`could not be looked at: ${oneLine(reasonOf(error))}`, 'if the text does not help, report this');
}

/** The reason in an error; where a host has several addresses, that of the first. */
export function reasonOf(error: unknown): string {
  if (typeof error !== 'object' || error === null) {
    return String(error);
  }
  if ('errors' in error && Array.isArray(error.errors) && error.errors.length > 0) {
    return reasonOf(error.errors[0]);
  }
  return 'message' in error ? String(error.message) : String(error);
}
