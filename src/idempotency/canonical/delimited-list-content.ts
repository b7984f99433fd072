import { type FieldContent, type FieldIdentity, requireWireType } from './field-content.ts';
import type { ScalarEncoding } from './scalar-encoding.ts';
import type { WireReader } from './wire-reader.ts';
import { writeField } from './wire-value.ts';
import { WireWriter } from './wire-writer.ts';

const capacityAtFirst = 64;

/**
 * Repeated strings or bytes, which cannot be packed. Kept encoded with their tags, so that a
 * long list costs no more memory than its bytes.
 */
export class DelimitedListContent implements FieldContent {
  readonly field: FieldIdentity;
  private readonly encoding: ScalarEncoding;
  private readonly elements = new WireWriter(capacityAtFirst);
  private encoded: Uint8Array | undefined;

  constructor(field: FieldIdentity, encoding: ScalarEncoding) {
    this.field = field;
    this.encoding = encoding;
  }

  absorb(reader: WireReader, wireType: number): void {
    requireWireType(reader, this.field, wireType, this.encoding.wireType);
    writeField(this.elements, this.field.number, wireType, this.encoding.read(reader, this.field.label));
  }

  write(writer: WireWriter): void {
    this.encoded ??= this.elements.finish();
    writer.writeBytes(this.encoded);
  }
}
