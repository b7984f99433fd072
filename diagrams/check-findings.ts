import { status } from '@grpc/grpc-js';
import type { BeginReply } from '../src/idempotency/store.ts';
import { type Reason, statusTable } from '../src/transport/status-table.ts';

/** What the check finds of a key, and what that means for the call. */
interface Finding {
  readonly found: string;
  readonly meaning: readonly string[];
}

/** Whatever the store can say, and what only the ledger knows. */
export type FindingName = BeginReply['kind'] | 'expired';

export const findings = {
  acquired: { found: 'free', meaning: ['goes on'] },
  mismatch: { found: 'The key of another request', meaning: refusedWith('IDEMPOTENCY_KEY_REUSED') },
  expired: { found: 'EXPIRED, the caller’s own key', meaning: refusedWith('IDEMPOTENCY_KEY_EXPIRED') },
  inProgress: { found: 'PENDING, and running', meaning: ['waits for the first one’s answer'] },
  settled: { found: 'COMPLETED or FAILED', meaning: ['the stored answer is replayed,', 'byte for byte'] },
  askLedger: { found: 'no help', meaning: ['the ledger is asked'] },
  unavailable: { found: 'Redis down', meaning: ['the ledger is asked'] },
} as const satisfies Readonly<Record<FindingName, Finding>>;

function refusedWith(reason: Reason): readonly string[] {
  return [status[statusTable[reason].code], reason];
}
