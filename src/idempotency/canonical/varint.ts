/**
 * The 64 bits of a varint in two halves, each a signed 32-bit integer: what a number cannot hold exactly, without the
 * price of a bigint for every small number of a message.
 */
export interface Varint {
  readonly low: number;
  readonly high: number;
}

export const zeroVarint: Varint = { low: 0, high: 0 };
const oneVarint: Varint = { low: 1, high: 0 };

/** How a field's type reads 64 bits: which of them count, and what the others become. */
export type VarintRule = (varint: Varint) => Varint;

/** int64, uint64 and sint64: all bits count. */
export const keepAllBits: VarintRule = (varint) => varint;

/** int32 and enums: the low half counts; a negative number is written with its sign in all 64 bits. */
export const extendSign: VarintRule = ({ low }) => ({ low, high: low >> 31 });

/** uint32 and sint32 (whose sign is the lowest bit): the low half counts. */
export const keepLowHalf: VarintRule = ({ low, high }) => (high === 0 ? { low, high } : { low, high: 0 });

/** bool: anything but zero is true. */
export const keepTruth: VarintRule = ({ low, high }) => (low === 0 && high === 0 ? zeroVarint : oneVarint);
