import { BinaryReader, WireType } from '@bufbuild/protobuf/wire';

/** A span as a collector gets it; ids in hex digits. */
export interface CollectedSpan {
  readonly traceId: string;
  readonly spanId: string;
  /** Empty: it is the first of its trace. */
  readonly parentSpanId: string;
  readonly name: string;
  /** When it began, in nanoseconds since 1970. */
  readonly startedAt: bigint;
  readonly events: readonly string[];
  /** The spans of other traces, or places of this one, that it belongs to as well. */
  readonly links: readonly string[];
  readonly isError: boolean;
  /** The whole of it, as text: what it must not contain can be looked for. */
  readonly text: string;
}

type Fields = ReadonlyMap<number, readonly (Uint8Array | number | bigint)[]>;

/** Reads an ExportTraceServiceRequest; the numbers are those of opentelemetry/proto/trace/v1/trace.proto. */
export function spansIn(message: Uint8Array): readonly CollectedSpan[] {
  return messagesAt(fieldsOf(message), 1)
    .flatMap((resource) => messagesAt(fieldsOf(resource), 2))
    .flatMap((scope) => messagesAt(fieldsOf(scope), 2))
    .map(toSpan);
}

function toSpan(message: Uint8Array): CollectedSpan {
  const span = fieldsOf(message);
  const [status] = messagesAt(span, 15);
  return {
    traceId: hexAt(span, 1),
    spanId: hexAt(span, 2),
    parentSpanId: hexAt(span, 4),
    name: textAt(span, 5),
    startedAt: BigInt(span.get(7)?.at(-1)?.toString() ?? 0),
    events: messagesAt(span, 11).map((event) => textAt(fieldsOf(event), 2)),
    links: messagesAt(span, 13).map((link) => hexAt(fieldsOf(link), 2)),
    isError: status !== undefined && fieldsOf(status).get(3)?.at(-1) === 2,
    text: Buffer.from(message).toString('latin1'),
  };
}

function fieldsOf(message: Uint8Array): Fields {
  const fields = new Map<number, (Uint8Array | number | bigint)[]>();
  const reader = new BinaryReader(message);
  while (reader.pos < reader.len) {
    const [number, type] = reader.tag();
    const values = fields.get(number) ?? [];
    fields.set(number, values);
    if (type === WireType.LengthDelimited) values.push(reader.bytes());
    else if (type === WireType.Varint) values.push(Number(reader.uint64()));
    else if (type === WireType.Bit64) values.push(BigInt(reader.fixed64()));
    else reader.skip(type, number);
  }
  return fields;
}

function messagesAt(fields: Fields, number: number): readonly Uint8Array[] {
  return (fields.get(number) ?? []).filter((value) => value instanceof Uint8Array);
}

function hexAt(fields: Fields, number: number): string {
  return Buffer.from(messagesAt(fields, number).at(-1) ?? []).toString('hex');
}

function textAt(fields: Fields, number: number): string {
  return Buffer.from(messagesAt(fields, number).at(-1) ?? []).toString();
}
