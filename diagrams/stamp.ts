import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';

/** Under what name a PNG says which drawing it shows, as a chunk of text. */
const KEYWORD = 'Drawing SHA-256';
/** The signature, and the header, which has to come first. */
const HEADER_END = 8 + 25;
/** Length and type in front of a chunk's data, the checksum behind it. */
const CHUNK_FRAME_BYTES = 12;

/** What tells one drawing from another: a digest of its SVG. */
export function digestOf(svg: string): string {
  return createHash('sha256').update(svg).digest('hex');
}

/** The PNG with the digest of the drawing in it. */
export function stamped(png: Buffer, svg: string): Buffer {
  const body = Buffer.from(`tEXt${KEYWORD}\0${digestOf(svg)}`, 'latin1');
  const chunk = Buffer.alloc(body.length + 8);
  chunk.writeUInt32BE(body.length - 4, 0);
  body.copy(chunk, 4);
  chunk.writeUInt32BE(crc32(body), body.length + 4);
  return Buffer.concat([png.subarray(0, HEADER_END), chunk, png.subarray(HEADER_END)]);
}

/** The digest that a PNG was stamped with. */
export function stampOf(png: Buffer): string | undefined {
  for (let at = 8; at < png.length; at += png.readUInt32BE(at) + CHUNK_FRAME_BYTES) {
    const type = png.toString('latin1', at + 4, at + 8);
    const [keyword, text] = png.toString('latin1', at + 8, at + 8 + png.readUInt32BE(at)).split('\0');
    if (type === 'tEXt' && keyword === KEYWORD) {
      return text;
    }
  }
  return undefined;
}

/** Width and height in pixels. */
export function sizeOf(png: Buffer): { readonly width: number; readonly height: number } {
  return { width: png.readUInt32BE(16), height: png.readUInt32BE(20) };
}
