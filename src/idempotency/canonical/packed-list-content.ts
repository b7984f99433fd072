import { WireType } from '@bufbuild/protobuf/wire';
import { type FieldContent, type FieldIdentity, requireWireType } from './field-content.ts';
import type { ScalarEncoding } from './scalar-encoding.ts';
import type { WireReader } from './wire-reader.ts';
import { writeField, writeValue } from './wire-value.ts';
import { WireWriter } from './wire-writer.ts';

const capacityAtFirst = 64;

/**
 * A repeated number, bool or enum: packed or one by one on the wire (even mixed), always packed in canonical form.
 * The elements are kept encoded, so that a long list costs no more memory than its bytes.
 */
export class PackedListContent implements FieldContent {
  readonly field: FieldIdentity;
  private readonly encoding: ScalarEncoding;
  private readonly elements = new WireWriter(capacityAtFirst);
  private packed: Uint8Array | undefined;

  constructor(field: FieldIdentity, encoding: ScalarEncoding) {
    this.field = field;
    this.encoding = encoding;
  }

  absorb(reader: WireReader, wireType: number): void {
    if (wireType !== WireType.LengthDelimited) {
      requireWireType(reader, this.field, wireType, this.encoding.wireType);
      this.absorbElement(reader);
      return;
    }
    const outerLimit = reader.narrow();
    while (!reader.isAtLimit()) {
      this.absorbElement(reader);
    }
    reader.widen(outerLimit);
  }

  write(writer: WireWriter): void {
    this.packed ??= this.elements.finish();
    if (this.packed.byteLength > 0) {
      writeField(writer, this.field.number, WireType.LengthDelimited, this.packed);
    }
  }

  private absorbElement(reader: WireReader): void {
    writeValue(this.elements, this.encoding.wireType, this.encoding.read(reader, this.field.label));
  }
}
