/** Memory that is held, within a limit, and counted once however many hold it. */
export class SharedBytes {
  readonly #bytesMax: number;
  readonly #holders = new Map<ArrayBufferLike, number>();
  #held = 0;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  /**
   * Holds the memory behind some bytes, which may be a part of it.
   * @returns lets go of it, to be called once; undefined if that would be more than may be held
   */
  hold({ buffer }: Uint8Array): (() => void) | undefined {
    const holders = this.#holders.get(buffer) ?? 0;
    if (holders === 0) {
      if (this.#held > 0 && this.#held + buffer.byteLength > this.#bytesMax) {
        return undefined;
      }
      this.#held += buffer.byteLength;
    }
    this.#holders.set(buffer, holders + 1);
    return () => this.#letGo(buffer);
  }

  #letGo(buffer: ArrayBufferLike): void {
    const holders = this.#holders.get(buffer) ?? 0;
    if (holders > 1) {
      this.#holders.set(buffer, holders - 1);
    } else if (this.#holders.delete(buffer)) {
      this.#held -= buffer.byteLength;
    }
  }
}
