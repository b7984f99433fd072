import type { RecordIdentity } from './record.ts';
import type { Claim, ClaimReply, Store, Watch } from './store.ts';

/** The store of a service without Redis: every question goes to the ledger. */
export const noStore: Store = {
  newClaim: (record: RecordIdentity): Claim => ({ record, owner: '', epoch: undefined }),
  begin: async () => ({ kind: 'unavailable' }),
  renew: unavailable,
  settle: unavailable,
  release: unavailable,
  watch: (): Watch => ({ nextChange: () => new Promise(() => {}), [Symbol.dispose]: () => {} }),
};

async function unavailable(): Promise<ClaimReply> {
  return 'unavailable';
}
