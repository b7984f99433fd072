import { type FieldContent, type FieldIdentity, requireWireType } from './field-content.ts';
import type { ScalarEncoding } from './scalar-encoding.ts';
import type { WireReader } from './wire-reader.ts';
import { isSameValue, type WireValue, writeField } from './wire-value.ts';
import type { WireWriter } from './wire-writer.ts';

/** A scalar field without presence of its own leaves its default value out; one with presence writes it. */
export type DefaultValue = 'omitted' | 'written';

/** A singular scalar or enum: of several occurrences the last counts. */
export class ScalarContent implements FieldContent {
  /** The default until something was read. */
  value: WireValue;
  readonly field: FieldIdentity;
  private readonly encoding: ScalarEncoding;
  private readonly defaultValue: DefaultValue;

  constructor(field: FieldIdentity, encoding: ScalarEncoding, defaultValue: DefaultValue) {
    this.field = field;
    this.encoding = encoding;
    this.defaultValue = defaultValue;
    this.value = encoding.zero;
  }

  absorb(reader: WireReader, wireType: number): void {
    requireWireType(reader, this.field, wireType, this.encoding.wireType);
    this.value = this.encoding.read(reader, this.field.label);
  }

  write(writer: WireWriter): void {
    if (this.defaultValue === 'written' || !isSameValue(this.value, this.encoding.zero)) {
      writeField(writer, this.field.number, this.encoding.wireType, this.value);
    }
  }
}
