import { type CallStatus, DETAILS_BYTES_MAX, DETAILS_HEADER } from './response-metadata.ts';

const MESSAGE_CHARACTERS_MAX = 1_024;

/**
 * Makes of a handler's status what can be sent, and kept, as it is, so that every retry gets the very same: half of a
 * surrogate pair turns one code into another on the wire, PostgreSQL keeps no NUL, and everything has a limit (P10).
 */
export function sendableStatus(given: CallStatus): CallStatus {
  const details = cut(given.details.toWellFormed().replaceAll('\0', '\u{fffd}'));
  const [richDetails] = given.metadata?.get(DETAILS_HEADER) ?? [];
  if (given.metadata && richDetails !== undefined && richDetails.length > DETAILS_BYTES_MAX) {
    const metadata = given.metadata.clone();
    metadata.remove(DETAILS_HEADER);
    return { ...given, details, metadata };
  }
  return { ...given, details };
}

function cut(text: string): string {
  const characters = [...text];
  return characters.length <= MESSAGE_CHARACTERS_MAX
    ? text
    : `${characters.slice(0, MESSAGE_CHARACTERS_MAX - 1).join('')}…`;
}
