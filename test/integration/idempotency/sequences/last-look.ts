import { Coordinator } from '../../../../src/idempotency/coordinator.ts';
import type { Outcome, RecordIdentity } from '../../../../src/idempotency/index.ts';
import type { State } from '../../../model/state.ts';
import { type RealKey, requireSame } from './real-key.ts';

/** How long a dead claim stays behind its lease, see src/idempotency/redis/begin.lua. */
const CLAIM_MARGIN_MS = 1_000;

interface Remains {
  readonly orders: readonly string[];
  readonly row: { readonly response: Buffer | null; readonly message: string | null; readonly age: string } | undefined;
}

/** When a sequence is over: what it has left in the database is what the model has, and the key is not dead (P6). */
export async function lookAtRemains(key: RealKey, state: State): Promise<void> {
  const { orders, row } = await remainsOf(key);
  const placed = key.calls.filter((_call, index) => state.attempts[index]?.order !== 'none');
  requireSame('the orders', orders, placed.map(({ response }) => response.toString()).sort());
  const expected = state.row && key.outcomeOf(state.row.outcome);
  requireSame('the outcome in the ledger', row && outcomeText(row), expected && textOf(expected));
  for (const { attempt } of key.calls.filter((_call, index) => state.attempts[index]?.phase === 'answered')) {
    // P1 and P2, without the model: whoever has an answer has that of the ledger, and for OK there is one order that lives.
    requireSame('an answer', attempt.outcome && textOf(attempt.outcome), row && outcomeText(row));
    if (attempt.outcome?.kind === 'completed') {
      requireSame('whether the order exists', orders.includes(Buffer.from(attempt.outcome.response).toString()), true);
    }
  }
  await callOnceMore(key, state);
}

async function remainsOf({ stage: { pool }, key, ledgerId }: RealKey): Promise<Remains> {
  const { rows } = await pool.query<{ orders: string[] | null } & NonNullable<Remains['row']>>(
    `select (select array_agg(order_id::text order by order_id::text) from orders where customer_id = $1) as orders,
       response, status_message as message, case when expires_at > now() then 'live' else 'over' end as age
     from (values (1)) as one left join idempotency_keys on id = $2`,
    [key, ledgerId],
  );
  const [row] = rows;
  const hasEntry = row !== undefined && (row.response !== null || row.message !== null);
  return { orders: row?.orders ?? [], row: hasEntry ? row : undefined };
}

/** All is well again, and nobody is left: after one lease, a new call gets an answer, and somebody else's gets one of its own (P9). */
async function callOnceMore(key: RealKey, state: State): Promise<void> {
  const [record, stranger] = [key.recordOf('a'), key.recordOf('a', 'somebody else')];
  if (state.redis.kind === 'pending') {
    // Whatever else frees a key: a claim goes away by itself, soon after its lease.
    const leftMs = await key.stage.redis.pttl(key.redisName);
    requireSame(
      'whether the claim ends with its lease',
      leftMs > 0 && leftMs <= record.policy.leaseMs + CLAIM_MARGIN_MS,
      true,
    );
    await key.stage.redis.del(key.redisName);
  }
  requireSame(
    'the answer to one more call',
    await answerTo(key, record, 'once more'),
    answerIn(key, state, 'once more'),
  );
  requireSame('the answer to a stranger', await answerTo(key, stranger, 'a stranger'), 'a stranger');
}

/** What a call hears that would answer with a text if it ran: an answer, or the reason of a refusal. */
async function answerTo({ stage: { store, ledger } }: RealKey, record: RecordIdentity, text: string): Promise<unknown> {
  const coordinator = new Coordinator({
    store,
    ledger,
    report: () => {},
    recheckMs: 10,
    waitersPerKeyMax: 1,
    runsMax: 1,
    leadsMax: 1,
    handlerLimitMs: 60_000,
    responseBytesMax: 1_000,
  });
  const response = Buffer.from(text);
  const patience = { endsAtMs: performance.now() + 20_000, signal: new AbortController().signal, waitedMs: 0 };
  const answered = coordinator
    .begin(record, patience, () => response)
    .then(async (beginning) => {
      if (beginning.kind === 'replay') {
        return textOf(beginning.outcome);
      }
      const conclusion = await beginning.attempt.conclude({ kind: 'response', response });
      if (conclusion.kind === 'refused') throw conclusion.error;
      return conclusion.kind === 'answer' ? textOf(conclusion.outcome) : conclusion.kind;
    });
  const heard = await answered.catch((error: unknown) =>
    error instanceof Error && 'reason' in error ? error.reason : error,
  );
  await coordinator.drained();
  return heard;
}

function answerIn(key: RealKey, { row, attempts, expiredIsNew }: State, ofNew: string): string {
  if (row === undefined || row.age === 'forgotten' || (row.age === 'expired' && expiredIsNew)) {
    return ofNew;
  }
  if (attempts[row.outcome.by]?.request !== 'a') {
    return 'IDEMPOTENCY_KEY_REUSED';
  }
  return row.age === 'expired' ? 'IDEMPOTENCY_KEY_EXPIRED' : textOf(key.outcomeOf(row.outcome));
}

function outcomeText({ response, message }: NonNullable<Remains['row']>): string | undefined {
  return response?.toString() ?? message ?? undefined;
}

function textOf(outcome: Outcome): string {
  return outcome.kind === 'completed' ? Buffer.from(outcome.response).toString() : outcome.message;
}
