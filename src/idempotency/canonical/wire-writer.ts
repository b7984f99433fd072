const varintBytesMax = 10;

/**
 * Writes the primitives of protobuf's wire format, always in their shortest form.
 *
 * Unlike @bufbuild/protobuf's BinaryWriter it takes a capacity (canonical bytes are about as long as the request was, so
 * that the buffer seldom grows) and varints in halves, without a bigint.
 */
export class WireWriter {
  private bytes: Uint8Array;
  private position = 0;

  /** @param capacity how many bytes will probably be written; more are possible */
  constructor(capacity: number) {
    this.bytes = new Uint8Array(capacity);
  }

  /** How many bytes have been written. */
  get length(): number {
    return this.position;
  }

  writeTag(number: number, wireType: number): void {
    this.writeVarint((number << 3) | wireType, 0);
  }

  writeVarint(low: number, high: number): void {
    this.reserve(varintBytesMax);
    let lowBits = low >>> 0;
    let highBits = high >>> 0;
    while (highBits !== 0 || lowBits > 0x7f) {
      this.bytes[this.position++] = (lowBits & 0x7f) | 0x80;
      lowBits = ((lowBits >>> 7) | (highBits << 25)) >>> 0;
      highBits >>>= 7;
    }
    this.bytes[this.position++] = lowBits;
  }

  writeBytes(bytes: Uint8Array): void {
    this.reserve(bytes.byteLength);
    this.bytes.set(bytes, this.position);
    this.position += bytes.byteLength;
  }

  /** Writes the length of `bytes` and the bytes. */
  writeDelimited(bytes: Uint8Array): void {
    this.writeVarint(bytes.byteLength, 0);
    this.writeBytes(bytes);
  }

  /** Leaves room for the length of what is written next. Returns what `endDelimited` needs. */
  beginDelimited(): number {
    this.reserve(1);
    return this.position++;
  }

  /** Puts the length of what was written since `beginDelimited` before it. */
  endDelimited(start: number): void {
    const length = this.position - start - 1;
    const lengthBytes = Math.ceil((32 - Math.clz32(length | 1)) / 7);
    if (lengthBytes > 1) {
      this.reserve(lengthBytes - 1);
      this.bytes.copyWithin(start + lengthBytes, start + 1, this.position);
    }
    this.position = start;
    this.writeVarint(length, 0);
    this.position += length;
  }

  /** Gives all that was written. Nothing can be written after. */
  finish(): Uint8Array {
    return this.position === this.bytes.byteLength ? this.bytes : this.bytes.slice(0, this.position);
  }

  private reserve(count: number): void {
    const needed = this.position + count;
    if (needed > this.bytes.byteLength) {
      const grown = new Uint8Array(Math.max(needed, 2 * this.bytes.byteLength));
      grown.set(this.bytes.subarray(0, this.position));
      this.bytes = grown;
    }
  }
}
