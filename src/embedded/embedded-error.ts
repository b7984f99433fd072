export type EmbeddedErrorCode =
  | 'ALREADY_RUNNING'
  | 'FOLDER_IN_USE'
  | 'INCOMPLETE_DATA_FOLDER'
  | 'NO_ACCESS'
  | 'NO_ACCOUNT'
  | 'NO_BINARIES'
  | 'OTHER_POSTGRES_VERSION'
  | 'PORT_IN_USE'
  | 'START_FAILED'
  | 'STOP_FAILED';

/** An embedded server could not be started or stopped. The message is meant for the person at the terminal. */
export class EmbeddedError extends Error {
  override readonly name = 'EmbeddedError';
  readonly code: EmbeddedErrorCode;

  constructor(code: EmbeddedErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/**
 * The code of a failed system call (`ENOENT`, `EACCES`, ...), or undefined where the error carries none. Not asked with
 * `instanceof Error`: under Jest, Node's own errors are of another realm.
 */
export function systemErrorCode(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}
