import { randomUUID } from 'node:crypto';
import { Client } from 'pg';
import { createTestDatabase } from '../../support/postgres.ts';

/** A migrated database that no service works on, and a way to put rows into it. */
export interface Arranged {
  readonly url: string;
  run(text: string, values?: readonly unknown[]): Promise<void>;
  /** Removes all rows. */
  empty(): Promise<void>;
  drop(): Promise<void>;
}

export async function arrangedDatabase(): Promise<Arranged> {
  const database = await createTestDatabase();
  const client = new Client({ connectionString: database.url });
  await client.connect();
  const run: Arranged['run'] = async (text, values = []) => void (await client.query(text, [...values]));
  return {
    url: database.url,
    run,
    empty: async () => {
      await run('truncate orders, idempotency_keys, workers cascade');
      await run('truncate graphile_worker._private_jobs, graphile_worker._private_known_crontabs');
      await run('update event_relay set last_number = 0, published_number = 0, published_at = null');
    },
    drop: async () => {
      await client.end();
      await database.drop();
    },
  };
}

export interface OrderRow {
  readonly state?: 'PENDING' | 'PROCESSING' | 'CONFIRMED';
  readonly age?: string;
}

/** An order with its first event, which has no number. @returns its id */
export async function insertOrder(
  database: Arranged,
  { state = 'PENDING', age = '0' }: OrderRow = {},
): Promise<string> {
  const orderId = randomUUID();
  await database.run(
    `insert into orders (order_id, customer_id, state, state_reason, sequence, currency, total_units, total_nanos, note, labels,
       created_at, updated_at, record_id)
     values ($1::uuid, 'customer', $2, '', 1, 'EUR', 1, 0, '', '{}', now() - $3::interval, now() - $3::interval,
       sha256(convert_to($1::text, 'UTF8')))`,
    [orderId, state, age],
  );
  await database.run(
    `insert into order_events (order_id, sequence, previous_state, state, reason, occurred_at)
     values ($1, 1, null, 'PENDING', '', now() - $2::interval)`,
    [orderId, age],
  );
  return orderId;
}

export async function setAside(database: Arranged, orderId: string, age: string, lastError: string): Promise<void> {
  await database.run(
    `insert into dead_letters (order_id, sequence, step, failures, last_error, failed_at)
     values ($1, 1, 'charge', 12, $2, now() - $3::interval)`,
    [orderId, lastError, age],
  );
}

/** A worker that was last heard of so long ago. */
export async function insertWorker(database: Arranged, age = '0', processId = 1): Promise<void> {
  await database.run(
    `insert into workers (worker_id, host, process_id, started_at, heartbeat_at)
     values ($1, 'machine', $2, now() - interval '1 day', now() - $3::interval)`,
    [randomUUID(), processId, age],
  );
}

export async function enqueue(database: Arranged, orderId: string, dueSince: string): Promise<void> {
  await database.run(
    `select graphile_worker.add_job('process_order', '{}'::json, run_at => now() - $2::interval, job_key => 'order:' || $1::text)`,
    [orderId, dueSince],
  );
}
