import type { Passage } from './tcp-proxy.ts';

/** A ledger entry on its way to PostgreSQL, with an effect or alone, whatever statement it is a part of. */
export const entrySent: Passage = { from: 'client', bytes: '"remembered_ms":' };

/** ReadyForQuery outside of a transaction: PostgreSQL has committed. */
export const committed: Passage = { from: 'server', bytes: 'Z\x00\x00\x00\x05I' };
