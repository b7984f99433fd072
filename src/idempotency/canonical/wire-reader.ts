import { WireType } from '@bufbuild/protobuf/wire';
import { MalformedMessageError } from './malformed-message-error.ts';
import type { Varint } from './varint.ts';

/** What stands before every value on the wire. */
export interface Tag {
  readonly number: number;
  readonly wireType: number;
}

/**
 * Protobuf's own decoders stop at this depth: bytes that pass here can be read by all of them. The message itself is
 * level 1; every message, map entry and group within is one more.
 */
const levelsMax = 100;
const varintBytesMax = 10;

/**
 * Reads the primitives of protobuf's wire format from `bytes`, strictly: whatever is not valid, or passes the end of the
 * message it stands in, throws MalformedMessageError. What it returns may be a view of `bytes`.
 *
 * The format is https://protobuf.dev/programming-guides/encoding/.
 */
export class WireReader {
  private readonly bytes: Uint8Array;
  private offset = 0;
  /** Where the message ends that is being read. */
  private limit: number;
  private level = 1;
  private tagPosition = 0;

  constructor(bytes: Uint8Array) {
    // A Buffer's subarray is slower than a Uint8Array's.
    this.bytes = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.limit = bytes.byteLength;
  }

  /** How many bytes have been read. */
  get position(): number {
    return this.offset;
  }

  /** Whether the message that is being read has ended. */
  isAtLimit(): boolean {
    return this.offset >= this.limit;
  }

  readTag(): Tag {
    this.tagPosition = this.offset;
    const { low, high } = this.readVarint();
    const tag = { number: low >>> 3, wireType: low & 7 };
    if (high !== 0) {
      return this.failAtTag('a field has a number above 2^29 - 1');
    }
    if (tag.number === 0) {
      return this.failAtTag('a field has the number 0');
    }
    if (tag.wireType > WireType.Bit32) {
      return this.failAtTag(`field ${tag.number} has wire type ${tag.wireType}, which does not exist`);
    }
    return tag;
  }

  /** Reads up to ten bytes. Bits beyond the 64th are dropped, as every protobuf decoder does. */
  readVarint(): Varint {
    const start = this.offset;
    let low = 0;
    let high = 0;
    for (let index = 0; index < varintBytesMax; index++) {
      const byte = this.readByte();
      const shift = 7 * index;
      if (shift <= 28) {
        low |= (byte & 0x7f) << shift;
      }
      if (shift >= 28) {
        high |= shift === 28 ? (byte & 0x7f) >> 4 : (byte & 0x7f) << (shift - 32);
      }
      if (byte < 0x80) {
        return { low, high };
      }
    }
    return this.fail('a varint is longer than ten bytes', start);
  }

  readFixed(size: 4 | 8): Uint8Array {
    return this.readBytes(size);
  }

  /** Reads a length and as many bytes. */
  readDelimited(): Uint8Array {
    return this.readBytes(this.readLength());
  }

  /** Reads a length and ends the reading after as many bytes. Returns the limit to give back to `widen` then. */
  narrow(): number {
    const length = this.readLength();
    const outerLimit = this.limit;
    this.limit = this.offset + length;
    return outerLimit;
  }

  widen(outerLimit: number): void {
    this.limit = outerLimit;
  }

  /** Goes one level deeper; refuses more levels than protobuf's decoders take (and the stack could). */
  descend(): void {
    this.level++;
    if (this.level > levelsMax) {
      this.failAtTag(`messages are nested more than ${levelsMax} levels deep`);
    }
  }

  ascend(): void {
    this.level--;
  }

  /** A view of the bytes between two positions. */
  between(start: number, end: number): Uint8Array {
    return this.bytes.subarray(start, end);
  }

  /** Throws MalformedMessageError with the place of the tag that was read last. */
  failAtTag(fault: string): never {
    return this.fail(fault, this.tagPosition);
  }

  private fail(fault: string, byteOffset = this.offset): never {
    throw new MalformedMessageError(fault, byteOffset);
  }

  private readLength(): number {
    const start = this.offset;
    const { low, high } = this.readVarint();
    const length = low >>> 0;
    if (high !== 0 || length > this.limit - this.offset) {
      return this.fail('a length passes the end of its message', start);
    }
    return length;
  }

  private readBytes(length: number): Uint8Array {
    const start = this.offset;
    if (length > this.limit - start) {
      return this.fail('a field passes the end of its message');
    }
    this.offset = start + length;
    return this.bytes.subarray(start, this.offset);
  }

  private readByte(): number {
    const byte = this.offset < this.limit ? this.bytes[this.offset] : undefined;
    if (byte === undefined) {
      return this.fail('a field passes the end of its message');
    }
    this.offset++;
    return byte;
  }
}
