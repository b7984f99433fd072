import type { UnknownField } from './unknown-field.ts';
import { writeField } from './wire-value.ts';
import type { WireWriter } from './wire-writer.ts';

/** The unknown fields of one message, in number order; those with the same number in the order in which they came. */
export class UnknownFields {
  private readonly byNumber = new Map<number, UnknownField[]>();

  add(field: UnknownField): void {
    const sameNumber = this.byNumber.get(field.number);
    if (sameNumber === undefined) {
      this.byNumber.set(field.number, [field]);
    } else {
      sameNumber.push(field);
    }
  }

  write(writer: WireWriter): void {
    // A typed array sorts by number, and fast: a caller may send a million numbers in any order.
    for (const number of Uint32Array.from(this.byNumber.keys()).sort()) {
      for (const { wireType, value } of this.byNumber.get(number) ?? []) {
        writeField(writer, number, wireType, value);
      }
    }
  }
}
