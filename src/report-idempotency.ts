import type { Logger } from 'pino';
import type { IdempotencyEvent, RecordIdentity, Report } from './idempotency/index.ts';
import { LineLimit } from './telemetry/line-limit.ts';
import type { Metrics } from './telemetry/metrics.ts';

const MS_PER_SECOND = 1_000;

/** More lines a second than anybody reads. Metrics count all of them. */
const LINES_MAX = 20;

/** Enough of a record's id to find the lines that are about the same one; the key itself is the caller's business. */
const RECORD_DIGITS = 16;

/** Tells metrics, log and the trace of a call what the protocol does with it. */
export function createIdempotencyReport(metrics: Metrics, logger: Logger): Report {
  const limit = new LineLimit({ linesMax: LINES_MAX, windowMs: MS_PER_SECOND });
  return (event, record) => {
    measure(event, record, metrics);
    const line = lineFor(event);
    const notLogged = line && logger.isLevelEnabled(line.level) ? limit.take(event.kind) : undefined;
    if (line !== undefined && notLogged !== undefined) {
      logger[line.level](
        {
          event: event.kind,
          method: record.method,
          record: record.id.slice(0, RECORD_DIGITS),
          ...record.labels,
          ...(event.kind === 'backgroundFault' && { err: event.error }),
          ...(notLogged > 0 && { notLogged }),
        },
        line.text,
      );
    }
  };
}

function measure(event: IdempotencyEvent, { method, key, trace }: RecordIdentity, metrics: Metrics): void {
  switch (event.kind) {
    case 'called':
      metrics.add('keys', { source: key.source });
      return;
    case 'began':
      metrics.record('beginDuration', event.tookMs / MS_PER_SECOND, { answer: event.answer });
      return;
    case 'settled':
      metrics.record('completeDuration', event.tookMs / MS_PER_SECOND, { answer: event.answer });
      return;
    case 'ledgerRead':
      metrics.add('ledgerReads', { cause: event.cause });
      return;
    case 'executed':
    case 'failed':
      metrics.record('recordSize', event.bytes, {});
      break;
    case 'waited':
      metrics.record('waitDuration', event.waitedMs / MS_PER_SECOND, {});
      break;
    default:
      break;
  }
  const outcome = outcomes[event.kind];
  metrics.add('outcomes', { outcome, method });
  trace?.note(outcome);
}

/** Under which name an event is counted. */
const outcomes = {
  executed: 'executed',
  failed: 'failed',
  replayed: 'replayed',
  released: 'released',
  mismatch: 'mismatch',
  waited: 'waited',
  takeover: 'takeover',
  lostOwnership: 'lost_ownership',
  handlerLimit: 'given_up',
  backgroundFault: 'background_fault',
} as const;

interface Line {
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  readonly text: string;
}

/** What is worth a line, and what whoever reads it can do. An ordinary call is not. */
function lineFor({ kind }: IdempotencyEvent): Line | undefined {
  switch (kind) {
    case 'replayed':
      return { level: 'info', text: 'a call was repeated, and got the stored answer: nothing to do' };
    case 'mismatch':
      return {
        level: 'warn',
        text: 'a key was used for another request, which was refused: tell the caller, who must take a new key for each request',
      };
    case 'takeover':
      return {
        level: 'warn',
        text: 'a claim was taken over: its owner died, or was paused for longer than its lease. See whether a process has gone; if not, handlers are slower than the lease',
      };
    case 'lostOwnership':
      return {
        level: 'warn',
        text: 'a claim was lost while its handler ran: the process was paused for longer than its lease, or Redis forgot. The ledger decided; see whether the process lacks CPU',
      };
    case 'handlerLimit':
      return {
        level: 'error',
        text: 'a handler ran for too long and was given up: see what it waits for, and IDEMPOTENCY_HANDLER_LIMIT_MS',
      };
    case 'backgroundFault':
      return { level: 'error', text: 'work behind an answer failed; the answer stands, and the ledger has it' };
    case 'executed':
    case 'failed':
    case 'released':
    case 'waited':
      return { level: 'debug', text: 'idempotency' };
    default:
      return undefined;
  }
}
