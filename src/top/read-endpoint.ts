import { oneLine } from '../doctor/one-line.ts';
import type { Endpoint } from './endpoint.ts';
import { type Exposition, parseExposition } from './exposition.ts';
import { samplesOf } from './samples.ts';
import type { Reading } from './span.ts';

/** What came of reading an endpoint. */
export type ReadResult = ({ readonly kind: 'read' } & Reading) | Unread;

/** It could not be read. */
export interface Unread {
  readonly kind: 'unread';
  /** What is wrong, to be read behind the URL. */
  readonly problem: string;
  /** What to do about it. */
  readonly advice: string;
}

export interface ReadLimits {
  readonly timeMs: number;
  readonly bytesMax: number;
}

/** Prometheus, too, waits for 10 s unless told otherwise. A service has some hundreds of series, which are a hundredth of these bytes. */
export const readLimits: ReadLimits = { timeMs: 10_000, bytesMax: 4 * 1_024 * 1_024 };

/** Reads the metrics of a process. Does not throw: what cannot be read is a result, and is tried again. */
export async function readEndpoint(
  endpoint: Endpoint,
  { timeMs, bytesMax }: ReadLimits = readLimits,
  signal?: AbortSignal,
): Promise<ReadResult> {
  const tooLate = AbortSignal.timeout(timeMs);
  try {
    const response = await fetch(endpoint.url, {
      // A connection of its own each time: one that is kept may be dead, and say so of a service that is not.
      headers: { accept: 'text/plain;version=0.0.4', connection: 'close' },
      redirect: 'manual',
      signal: signal === undefined ? tooLate : AbortSignal.any([tooLate, signal]),
    });
    const atMs = performance.now();
    if (response.status !== 200) {
      await response.body?.cancel();
      return unread(`it answers with status ${response.status}`, 'give the URL at which Prometheus reads the metrics');
    }
    const text = await textOf(response, bytesMax);
    return text === undefined
      ? unread(`it sends more than ${bytesMax / 1_048_576} MiB`, 'give the URL of one process of the service')
      : understood(text, atMs);
  } catch (error) {
    return tooLate.aborted
      ? unread(`no whole answer within ${timeMs / 1_000} s`, 'see whether the process is stopped, or has no CPU')
      : noWay(error, endpoint);
  }
}

/** @returns undefined if it is too large */
async function textOf(response: Response, bytesMax: number): Promise<string | undefined> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    bytes += chunk.byteLength;
    if (bytes > bytesMax) {
      // Leaving the loop ends the transfer.
      return undefined;
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

function understood(text: string, atMs: number): ReadResult {
  const parsed = parseExposition(text);
  if (!parsed.ok) {
    const line = oneLine(parsed.line, 30);
    return unread(
      `no Prometheus text (line ${parsed.lineNumber}: ${line})`,
      'give the URL at which Prometheus reads the metrics',
    );
  }
  return isOfOurs(parsed.exposition)
    ? { kind: 'read', exposition: parsed.exposition, atMs }
    : unread('metrics of something else', 'give the address that METRICS_LISTEN of the order service names');
}

/** Each process of the service has this, from its beginning. */
function isOfOurs(exposition: Exposition): boolean {
  return samplesOf(exposition, 'keys', {}).size > 0;
}

function noWay(error: unknown, { listen }: Endpoint): Unread {
  const cause = fieldOf(error, 'cause') ?? error;
  switch (fieldOf(cause, 'code')) {
    case 'ECONNREFUSED':
      return unread('nothing listens there', `start the service with METRICS_LISTEN=${listen}`);
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return unread('the host is not known', 'correct its name, or give its address');
    default: {
      const why = oneLine(String(fieldOf(cause, 'message') ?? cause), 60);
      return unread(why, `see that it is http or https, as the URL says, and METRICS_LISTEN=${listen}`);
    }
  }
}

function fieldOf(error: unknown, name: string): unknown {
  return typeof error === 'object' && error !== null ? Reflect.get(error, name) : undefined;
}

function unread(problem: string, advice: string): Unread {
  return { kind: 'unread', problem, advice };
}
