import type { DescMessage } from '@bufbuild/protobuf';
import { type Exclusions, parseExclusions } from './exclusions.ts';
import { MessageContent } from './message-content.ts';
import { planMessage } from './message-plan.ts';
import { WireReader } from './wire-reader.ts';
import { WireWriter } from './wire-writer.ts';

/** Canonical bytes are seldom longer than their source; the writer wants some room at its end besides. */
const capacitySpare = 16;

/** One message in the one encoding that all its encodings share. */
export interface CanonicalBytes {
  /** The whole message. */
  readonly message: Uint8Array;
  /** The message without the excluded fields; the same array as `message` if none are excluded. */
  readonly fingerprinted: Uint8Array;
}

/** Brings the messages of one type into canonical form. */
export interface Canonicalizer {
  /**
   * @param bytes a message as it came over the wire; neither changed nor kept
   * @throws MalformedMessageError if the bytes are not one whole valid message
   */
  canonicalize(bytes: Uint8Array): CanonicalBytes;
}

/**
 * Makes what brings messages of a type into canonical form: two encodings of one message become the same bytes, and
 * different messages stay different, also in what the type does not know. The form is what protobuf calls a deterministic
 * serialization, made independent of language and version:
 *
 * - fields in number order, unknown fields after them, in number order too; repeated numbers packed
 * - varints, tags and lengths in the fewest bytes
 * - default values left out where the field has no presence, but both key and value of a map's entry written
 * - map entries in the order of their keys' bytes; repeated occurrences of a singular field merged by protobuf's rules
 *
 * 0.0 and -0.0 are different. The inside of bytes fields (google.protobuf.Any too) and of unknown fields is not looked at.
 *
 * @param message the type, from a registry made of descriptors
 * @param excludedPaths proto field names separated by dots, at most 32; they may lead through (repeated) messages
 * @throws Error naming path and type if a path names no field, or leads through a map or a scalar
 */
export function createCanonicalizer(message: DescMessage, excludedPaths: readonly string[]): Canonicalizer {
  const exclusions = parseExclusions(message, excludedPaths);
  const plan = planMessage(message);
  return {
    canonicalize(bytes) {
      const content = new MessageContent(plan);
      content.absorb(new WireReader(bytes));
      const whole = encode(content, undefined, bytes.byteLength);
      return {
        message: whole,
        fingerprinted: exclusions === undefined ? whole : encode(content, exclusions, bytes.byteLength),
      };
    },
  };
}

function encode(content: MessageContent, exclusions: Exclusions | undefined, sourceBytes: number): Uint8Array {
  const writer = new WireWriter(sourceBytes + capacitySpare);
  content.write(writer, exclusions);
  return writer.finish();
}
