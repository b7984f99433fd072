import pg from 'pg';

/** What a key has done, as the database has it. */
export interface Effects {
  /** Orders of the customer. */
  readonly orders: number;
  readonly items: number;
  /** Ledger entries of the key. */
  readonly entries: number;
}

/** Looks into the database past the service. */
export interface Audit extends AsyncDisposable {
  /** Everything in the database. */
  totals(): Promise<Effects>;
  /** @param name of a customer who places one order, with a key of the same name */
  effectsOf(name: string): Promise<Effects>;
  /** The answer that the ledger keeps for a key. */
  ledgerAnswerOf(key: string): Promise<Buffer>;
  run(statement: string, values?: readonly unknown[]): Promise<Record<string, unknown>[]>;
  close(): Promise<void>;
}

export async function openAudit(url: string): Promise<Audit> {
  const client = new pg.Client({ connectionString: url });
  // A database that goes away ends the connection; a statement on it is rejected.
  client.on('error', () => {});
  await client.connect();
  const run = async (statement: string, values: readonly unknown[] = []) => {
    const { rows } = await client.query<Record<string, unknown>>(statement, [...values]);
    return rows;
  };
  const count = async (statement: string, values: readonly unknown[]) => {
    const [row] = await run(`select count(*)::int as number from ${statement}`, values);
    return Number(row?.['number']);
  };
  return {
    totals: async () => ({
      orders: await count('orders', []),
      items: await count('order_items', []),
      entries: await count('idempotency_keys', []),
    }),
    effectsOf: async (name) => ({
      orders: await count('orders where customer_id = $1', [name]),
      items: await count('order_items join orders using (order_id) where customer_id = $1', [name]),
      entries: await count('idempotency_keys where key = $1', [name]),
    }),
    ledgerAnswerOf: async (key) => {
      const [row] = await run('select response from idempotency_keys where key = $1', [key]);
      if (row?.['response'] instanceof Buffer) return row['response'];
      throw new Error(`the ledger has no answer for the key ${key}`);
    },
    run,
    close: () => client.end(),
    [Symbol.asyncDispose]: () => client.end(),
  };
}

/** One order of the two items of orderRequest, and one entry: what a key is to do. */
export const oneEffect: Effects = { orders: 1, items: 2, entries: 1 };
export const noEffect: Effects = { orders: 0, items: 0, entries: 0 };
