import { createReadStream, createWriteStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { z } from 'zod';
import { orderStates } from '../../src/orders/order.ts';
import { OptionFault } from '../../src/simulator/options.ts';
import type { History, HistoryEvent, RunHeader } from './history.ts';

const text = z.string();
const number = z.number();
const optionalText = z
  .string()
  .optional()
  .transform((value) => value);

const headerRule = z.object({ kind: z.literal('run'), seed: text, seconds: number, servers: number, clients: number });

const eventRule = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('call'),
    record: text,
    method: z.enum(['create', 'cancel']),
    client: number,
    request: text,
    wanted: text.exactOptional(),
    items: number,
    server: text,
    startMs: number,
    endMs: number,
    code: text,
    reason: text,
    message: text,
    hash: text,
    isReplay: z.boolean(),
    orderId: optionalText,
    answeredRequest: optionalText,
  }),
  z.object({ kind: z.literal('deadKey'), record: text, waitedMs: number }),
  z.object({ kind: z.literal('fault'), fault: text, what: text, startMs: number, endMs: number }),
  z.object({ kind: z.literal('left'), what: text, count: number, allowed: number }),
  z.object({
    kind: z.literal('order'),
    orderId: text,
    record: text,
    request: text,
    state: z.enum(orderStates),
    sequence: number,
    items: number,
    events: number,
    jobs: number,
  }),
  z.object({ kind: z.literal('ledger'), record: text, state: z.enum(['COMPLETED', 'FAILED']), hash: text }),
]);

/** JSON leaves them as they are, and whoever reads lines ends a line at them. */
const lineBreaks = /[\u2028\u2029]/g;
const escaped = (character: string) => `\\u${character.charCodeAt(0).toString(16)}`;

/** Writes a history, one JSON object a line, the run first. */
export async function writeHistory(file: string, { run, events }: History): Promise<void> {
  const lines = function* () {
    for (const line of [run, ...events]) {
      yield `${JSON.stringify(line).replace(lineBreaks, escaped)}\n`;
    }
  };
  await pipeline(Readable.from(lines()), createWriteStream(file));
}

/** Reads a history. @throws OptionFault, which names the line, if the file is none */
export async function readHistory(file: string): Promise<History> {
  let run: RunHeader | undefined;
  const events: HistoryEvent[] = [];
  let lineNumber = 0;
  for await (const line of linesOf(file)) {
    lineNumber += 1;
    if (run === undefined) {
      run = parseLine(headerRule, line, file, lineNumber);
    } else {
      const event = parseLine(eventRule, line, file, lineNumber);
      events.push(
        event.kind === 'call' ? { ...event, orderId: event.orderId, answeredRequest: event.answeredRequest } : event,
      );
    }
  }
  if (run === undefined) {
    throw new OptionFault(`${file} is empty; a history is what --record has written`);
  }
  return { run, events };
}

async function* linesOf(file: string): AsyncGenerator<string> {
  try {
    yield* createInterface({ input: createReadStream(file), crlfDelay: Number.POSITIVE_INFINITY });
  } catch (error) {
    throw new OptionFault(`${file} cannot be read: ${error instanceof Error ? error.message : error}`);
  }
}

function parseLine<Rule extends z.ZodType>(rule: Rule, line: string, file: string, lineNumber: number): z.output<Rule> {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    value = undefined;
  }
  const parsed = rule.safeParse(value);
  if (parsed.success) {
    return parsed.data;
  }
  throw new OptionFault(`line ${lineNumber} of ${file} is no part of a history: ${z.prettifyError(parsed.error)}`);
}
