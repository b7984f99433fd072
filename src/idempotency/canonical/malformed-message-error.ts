/**
 * The bytes are not one whole valid message. Final: the same bytes will never be accepted.
 *
 * `reason` is one sentence for the caller. It names fields and byte offsets, and never repeats bytes of the request.
 */
export class MalformedMessageError extends Error {
  readonly code = 'MALFORMED_MESSAGE';
  readonly reason: string;

  /**
   * @param fault what is wrong, as a clause without offset and full stop
   * @param byteOffset where in the whole request it is wrong
   */
  constructor(fault: string, byteOffset: number) {
    const reason = `${fault.charAt(0).toUpperCase()}${fault.slice(1)}, at byte ${byteOffset}.`;
    super(reason);
    this.name = 'MalformedMessageError';
    this.reason = reason;
  }
}
