/**
 * SQLSTATEs that mean something to us (PostgreSQL 18, appendix A). Errors are told by these, not by a library's classes.
 */
export const sqlStates = {
  serializationFailure: '40001',
  deadlockDetected: '40P01',
  lockNotAvailable: '55P03',
  queryCanceled: '57014',
} as const;

/** Connection exceptions, insufficient resources, operator intervention, system errors: the database is in trouble. */
const troubleClasses: ReadonlySet<string> = new Set(['08', '53', '57', '58']);

/** A server that was demoted to a standby, or is in maintenance: READ ONLY SQL TRANSACTION. */
const READ_ONLY = '25006';

/** Connection exceptions, operator intervention, and the timeouts that end a session. */
const sessionEnd = /^(08|57P|25P0[34])/;

/** The database's own word for what went wrong, or undefined if the error is not from the database. */
export function sqlStateOf(error: unknown): string | undefined {
  for (let current: unknown = error; current instanceof Error; current = current.cause) {
    if (
      'code' in current &&
      typeof current.code === 'string' &&
      /^[0-9A-Z]{5}$/.test(current.code) &&
      'severity' in current
    ) {
      return current.code;
    }
  }
  return undefined;
}

/** Whether the error ended the session, or the wish for one, whatever it was about. */
export function isFatal(error: unknown): boolean {
  for (let current: unknown = error; current instanceof Error; current = current.cause) {
    if ('severity' in current && (current.severity === 'FATAL' || current.severity === 'PANIC')) {
      return true;
    }
  }
  return false;
}

/** Whether the database ended the session with the error, so that it says nothing about the statement before. */
export function endsSession(sqlState: string): boolean {
  return sessionEnd.test(sqlState);
}

export function isTrouble(sqlState: string): boolean {
  return troubleClasses.has(sqlState.slice(0, 2)) || sqlState === READ_ONLY;
}

/** Whether the database is away and may come back: it refuses sessions, or has ended one. 08P01 is the word of a pooler. */
export function isAway(sqlState: string): boolean {
  return /^(08(?!P01)|53|57P|58)/.test(sqlState) || sqlState === READ_ONLY;
}

/** Whether the database gave a statement up because it took too long, or had to wait for a lock for too long. */
export function isTimeout(sqlState: string | undefined): boolean {
  return sqlState === sqlStates.queryCanceled || sqlState === sqlStates.lockNotAvailable;
}

/** The loser of a race inside the database: the same statement may win if it is sent again. */
export function isRaceLost(error: unknown): boolean {
  const state = sqlStateOf(error);
  return state === sqlStates.serializationFailure || state === sqlStates.deadlockDetected;
}
