import type { RecordIdentity } from './record.ts';
import type { BeginReply, ClaimReply } from './store.ts';

/** Why the ledger was asked for a call. */
export type LedgerCause =
  /** The store gave no answer, or cannot answer with what it has. */
  | 'unavailable'
  | 'askLedger'
  /** The store says something that only the ledger may say. */
  | 'mismatch'
  /** A claim was taken over, or has not moved for so long that it is dead: its owner may have committed. */
  | 'takeover'
  | 'frozen'
  /** Another attempt was faster. */
  | 'conflict';

/** What happened to a call, as far as the protocol is concerned. */
export type IdempotencyEvent =
  /** A call with a key has come. */
  | { readonly kind: 'called' }
  /** The handler ran, and what came of it is kept: an answer, or a final failure; `bytes` is its size. */
  | { readonly kind: 'executed' | 'failed'; readonly bytes: number }
  | { readonly kind: 'replayed' | 'mismatch' | 'takeover' | 'released' | 'lostOwnership' | 'handlerLimit' }
  /** The call has waited for another attempt, so long in all. */
  | { readonly kind: 'waited'; readonly waitedMs: number }
  /** The store was asked to claim the record. */
  | { readonly kind: 'began'; readonly answer: BeginReply['kind']; readonly tookMs: number }
  /** The store was given the outcome. */
  | { readonly kind: 'settled'; readonly answer: ClaimReply; readonly tookMs: number }
  | { readonly kind: 'ledgerRead'; readonly cause: LedgerCause }
  | { readonly kind: 'backgroundFault'; readonly error: unknown };

/** Where the library tells what happens, for logs and metrics. It must not throw. */
export type Report = (event: IdempotencyEvent, record: RecordIdentity) => void;
