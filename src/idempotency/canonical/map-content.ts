import { WireType } from '@bufbuild/protobuf/wire';
import type { FieldContent } from './field-content.ts';
import { MessageContent, type MessagePlan } from './message-content.ts';
import { absorbNested, type MessageField } from './nested-message.ts';
import type { ScalarContent } from './scalar-content.ts';
import type { WireReader } from './wire-reader.ts';
import { type WireValue, writeField, writeValue } from './wire-value.ts';
import { WireWriter } from './wire-writer.ts';

const varintBytesMax = 10;
const capacityAtFirst = 64;

interface EntryRange {
  readonly start: number;
  readonly end: number;
}

/** The entries of a map as a message type of two fields, as protobuf defines them. */
export interface MapEntryPlan {
  readonly message: MessagePlan;
  /** The field `key`, number 1. It writes its default value. */
  createKey(): ScalarContent;
  /** The field `value`, number 2. It writes its default value, or an empty message. */
  createValue(): FieldContent;
}

/**
 * A map: of several entries with one key the last counts, as a whole. Entries are written in the order of their keys'
 * bytes, and always with key and value, as the decoders differ on entries that lack one.
 */
export class MapContent implements FieldContent {
  readonly field: MessageField;
  private readonly plan: MapEntryPlan;
  /** Entries encoded one after the other: many small ones as objects would take three times the memory. */
  private readonly encoded = new WireWriter(capacityAtFirst);
  private sealed: Uint8Array | undefined;
  /** Where they are, by key bytes. A Map, as an object would move keys that look like numbers and lose `__proto__`. */
  private readonly entries = new Map<string, EntryRange>();

  constructor(field: MessageField, plan: MapEntryPlan) {
    this.field = field;
    this.plan = plan;
  }

  absorb(reader: WireReader, wireType: number): void {
    const key = this.plan.createKey();
    const entry = new MessageContent(this.plan.message, [key, this.plan.createValue()]);
    absorbNested(reader, this.field, wireType, entry);
    const start = this.encoded.length;
    entry.write(this.encoded, undefined);
    this.entries.set(bytesAsText(key.value), { start, end: this.encoded.length });
  }

  write(writer: WireWriter): void {
    this.sealed ??= this.encoded.finish();
    // Without a comparison of its own, sort compares UTF-16 code units, which are the bytes here.
    for (const key of [...this.entries.keys()].sort()) {
      const range = this.entries.get(key);
      if (range !== undefined) {
        const entry = this.sealed.subarray(range.start, range.end);
        writeField(writer, this.field.number, WireType.LengthDelimited, entry);
      }
    }
  }
}

/** One character (U+0000 to U+00FF) for each byte of the encoded key: such texts compare as the bytes do, in any locale. */
function bytesAsText(key: WireValue): string {
  if (key instanceof Uint8Array) {
    return Buffer.from(key.buffer, key.byteOffset, key.byteLength).toString('latin1');
  }
  const writer = new WireWriter(varintBytesMax);
  writeValue(writer, WireType.Varint, key);
  return bytesAsText(writer.finish());
}
