import type { Logger } from 'pino';
import type { IdempotencyEvent, RecordIdentity } from './idempotency/index.ts';
import type { Metrics } from './telemetry/metrics.ts';

const MS_PER_SECOND = 1_000;

/** Tells metrics and log what the protocol has done with a call. */
export function reportIdempotency(
  event: IdempotencyEvent,
  { method, key }: RecordIdentity,
  metrics: Metrics,
  logger: Logger,
): void {
  const count = (outcome: Parameters<typeof metrics.add<'outcomes'>>[1]['outcome']) =>
    metrics.add('outcomes', { outcome, method });
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
      count(event.kind);
      metrics.record('recordSize', event.bytes, {});
      break;
    case 'waited':
      count('waited');
      metrics.record('waitDuration', event.waitedMs / MS_PER_SECOND, {});
      break;
    case 'lostOwnership':
      count('lost_ownership');
      break;
    case 'handlerLimit':
      count('given_up');
      logger.error({ method }, 'a handler ran for too long and was given up; see IDEMPOTENCY_HANDLER_LIMIT_MS');
      return;
    case 'takeover':
      count('takeover');
      logger.warn({ method }, 'a claim was taken over: its owner died, or was paused for longer than its lease');
      return;
    case 'backgroundFault':
      count('background_fault');
      logger.error(
        { err: event.error, method },
        'work behind an answer failed; the answer stands, and the ledger has it',
      );
      return;
    case 'replayed':
    case 'released':
    case 'mismatch':
      count(event.kind);
      break;
    default:
      throw new Error(`unknown event ${JSON.stringify(event satisfies never)}`);
  }
  logger.debug({ method, event: event.kind }, 'idempotency');
}
