import type { ClientBase } from 'pg';

const BEGINS_A_TRANSACTION = /^\s*(begin|start\s+transaction)\b/i;

/** FEATURE NOT SUPPORTED, as the database would say it: nothing was done, and nothing can be. */
class TransactionRefusedError extends Error {
  override readonly name = 'TransactionRefusedError';
  readonly code = '0A000';
  readonly severity = 'ERROR';

  constructor() {
    super(
      'a transaction of more than one statement: its COMMIT may be a ROLLBACK, and its result is here before that is known',
    );
  }
}

/** Refuses transactions on a connection on which each statement is one (docs/decisions/0001): what has a result is committed. */
export function refuseTransactions(client: ClientBase): void {
  const query: unknown = Reflect.get(client, 'query');
  if (typeof query !== 'function') {
    throw new TypeError('pg has no query that could be watched');
  }
  const guarded = (...args: readonly unknown[]) =>
    BEGINS_A_TRANSACTION.test(textOf(args[0]))
      ? Promise.reject(new TransactionRefusedError())
      : Reflect.apply(query, client, args);
  Object.defineProperty(client, 'query', { value: guarded });
}

function textOf(query: unknown): string {
  if (typeof query === 'string') return query;
  return typeof query === 'object' && query !== null && 'text' in query ? String(query.text) : '';
}
