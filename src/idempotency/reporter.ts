import type { RecordIdentity } from './record.ts';

/** What happened to a call, as far as the protocol is concerned. */
export type IdempotencyEvent =
  | { readonly kind: 'executed' | 'replayed' | 'mismatch' | 'takeover' | 'released' | 'lostOwnership' | 'handlerLimit' }
  | { readonly kind: 'backgroundFault'; readonly error: unknown };

/** Where the library tells what happens, for logs and metrics. It must not throw. */
export type Report = (event: IdempotencyEvent, record: RecordIdentity) => void;
