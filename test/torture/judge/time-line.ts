import { type CallEvent, eventsOf, type History } from '../history.ts';

/** So much is shown of the beginning, and of the end. */
const LINES_MAX = 20;

/**
 * The shortest story of a record: its calls and the faults that struck meanwhile, in the order in which they began, and what the
 * database has in the end. Every record is asked for again when all is over, so that most faults of a run lie between its calls: if
 * there are many, only those are told that struck during a call.
 */
export function timeLineOf(record: string, history: History): readonly string[] {
  const calls = eventsOf(history, 'call').filter((call) => call.record === record);
  const lines: Line[] = calls.map((call) => ({ atMs: call.startMs, text: textOf(call), isDuringCall: true }));
  const firstMs = Math.min(...calls.map(({ startMs }) => startMs));
  const lastMs = Math.max(...calls.map(({ endMs }) => endMs));
  for (const { fault, what, startMs, endMs } of eventsOf(history, 'fault')) {
    if (startMs <= lastMs && endMs >= firstMs) {
      const isDuringCall = calls.some((call) => startMs <= call.endMs && endMs >= call.startMs);
      lines.push({ atMs: startMs, text: `   fault ${fault}: ${what}, until ${seconds(endMs)}`, isDuringCall });
    }
  }
  const isLong = lines.length > 2 * LINES_MAX;
  const told = lines
    .filter(({ isDuringCall }) => isDuringCall || !isLong)
    .sort((one, other) => one.atMs - other.atMs)
    .map(({ atMs, text }) => `  ${seconds(atMs).padStart(9)} ${text}`);
  return [
    ...told.slice(0, LINES_MAX),
    ...(told.length > 2 * LINES_MAX ? [`  and ${told.length - 2 * LINES_MAX} lines more, and then`] : []),
    ...told.slice(Math.max(LINES_MAX, told.length - LINES_MAX)),
    ...(told.length < lines.length ? [`  and ${lines.length - told.length} faults between the calls`] : []),
    ...keptOf(record, history),
  ];
}

interface Line {
  readonly atMs: number;
  readonly text: string;
  readonly isDuringCall: boolean;
}

function* keptOf(record: string, history: History): Generator<string> {
  const entry = eventsOf(history, 'ledger').find((row) => row.record === record);
  yield `  in the end: the ledger has ${entry === undefined ? 'no entry' : `${entry.state} ${entry.hash}`}`;
  for (const order of eventsOf(history, 'order').filter((row) => row.record === record)) {
    yield `  in the end: the order ${order.orderId} is ${order.state}, placed by ${order.request}`;
  }
}

function textOf(call: CallEvent): string {
  const { method, request, client, server, endMs, code, reason, hash, isReplay, orderId, message } = call;
  const heard =
    code === 'OK'
      ? `OK ${isReplay ? 'replayed' : 'executed'} ${hash} order ${orderId}`
      : `${code} ${reason} ${message.slice(0, 80)}`;
  return `client ${client} at ${server}: ${method} ${request}, at ${seconds(endMs)} ${heard}`;
}

function seconds(atMs: number): string {
  return `${(atMs / 1_000).toFixed(3)} s`;
}
