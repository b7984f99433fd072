import { Metadata, status } from '@grpc/grpc-js';
import { type CallStatus, DETAILS_BYTES_MAX, DETAILS_HEADER } from './response-metadata.ts';

/** On the wire, where each byte of a letter beyond ASCII takes three. With the details, below the 8 kB that many clients take. */
const MESSAGE_WIRE_BYTES_MAX = 1_024;
const OTHER_TRAILERS_BYTES_MAX = 512;

/**
 * Makes of a handler's failure what can be sent, and kept, as it is, so that every retry gets the very same: half of a
 * surrogate pair turns one code into another on the wire, a code that is none is UNKNOWN, PostgreSQL keeps no NUL, and everything has a
 * limit (P10).
 */
export function sendableStatus({ code: given, details: text, metadata }: CallStatus): CallStatus {
  const code =
    given >= status.CANCELLED && given <= status.UNAUTHENTICATED && Number.isInteger(given) ? given : status.UNKNOWN;
  const details = cut(text.toWellFormed().replaceAll('\0', '\u{fffd}'));
  return { code, details, metadata: metadata && trailersWithinLimit(metadata) };
}

function trailersWithinLimit(given: Metadata): Metadata {
  const metadata = new Metadata();
  const [details, ...more] = given.get(DETAILS_HEADER);
  if (details !== undefined && more.length === 0 && details.length <= DETAILS_BYTES_MAX) {
    metadata.set(DETAILS_HEADER, details);
  }
  let bytesLeft = OTHER_TRAILERS_BYTES_MAX;
  for (const name of Object.keys(given.getMap())) {
    const values = name === DETAILS_HEADER ? [] : given.get(name);
    const bytes = values.reduce((sum, value) => sum + name.length + value.length, 0);
    if (bytes <= bytesLeft) {
      bytesLeft -= bytes;
      for (const value of values) metadata.add(name, value);
    }
  }
  return metadata;
}

function cut(text: string): string {
  if (encodeURI(text).length <= MESSAGE_WIRE_BYTES_MAX) return text;
  let kept = '';
  let bytes = encodeURI('…').length;
  for (const character of text) {
    bytes += encodeURI(character).length;
    if (bytes > MESSAGE_WIRE_BYTES_MAX) break;
    kept += character;
  }
  return `${kept}…`;
}
