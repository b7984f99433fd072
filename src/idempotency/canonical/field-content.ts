import type { Exclusions } from './exclusions.ts';
import type { WireReader } from './wire-reader.ts';
import type { WireWriter } from './wire-writer.ts';

/** A field as tags and error sentences need it. */
export interface FieldIdentity {
  readonly number: number;
  /** For error sentences: `field 1 (text) of echo.v1.SayRequest`. */
  readonly label: string;
}

/** What one field of one message holds. There is one class for each kind of field. */
export interface FieldContent {
  readonly field: FieldIdentity;
  /** Takes in one more occurrence of the field, whose tag was just read: replaces, adds or merges, as its kind does. */
  absorb(reader: WireReader, wireType: number): void;
  /** Writes the field, with its tags, in its canonical form. Changes nothing: it may be written again. */
  write(writer: WireWriter, exclusions: Exclusions | undefined): void;
}

/**
 * Refuses a known field in a foreign form. Decoders differ here: some skip it, some read it as if it were right, and so
 * it would be one request to us and another to the handler.
 */
export function requireWireType(reader: WireReader, field: FieldIdentity, actual: number, expected: number): void {
  if (actual !== expected) {
    reader.failAtTag(`${field.label} has wire type ${actual} where ${expected} belongs`);
  }
}
