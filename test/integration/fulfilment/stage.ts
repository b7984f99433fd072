import { fileURLToPath } from 'node:url';
import type { Client } from '@grpc/grpc-js';
import { Database } from '../../../src/database/database.ts';
import { PostgresJobQueue } from '../../../src/database/job-queue.ts';
import { createdOrder, createOrder, orderRequest } from '../../support/order-requests.ts';
import { startTestService, type TestService } from '../../support/order-service.ts';
import { createTestDatabase } from '../../support/postgres.ts';
import { type Stores, testConfig } from '../../support/test-config.ts';
import { until } from '../faults/until.ts';
import { type Audit, openAudit } from '../orders/audit.ts';

export const DEAD_AFTER_MS = 1_000;

/** Workers that call the outside world, and are quick to notice. */
export function workerSettings(outside: { readonly url: string }): Readonly<Record<string, string>> {
  return {
    FULFILMENT_ENABLED: 'true',
    FULFILMENT_PROCESSOR: fileURLToPath(new URL('../../support/outside-processor.ts', import.meta.url)),
    OUTSIDE_URL: outside.url,
    FULFILMENT_HEARTBEAT_MS: '100',
    FULFILMENT_DEAD_AFTER_MS: String(DEAD_AFTER_MS),
    FULFILMENT_DRAIN_LIMIT_MS: '500',
  };
}

/** A database and a service in this process that takes orders; it does not process them without the settings to. */
export interface Stage extends AsyncDisposable {
  readonly stores: Stores;
  readonly audit: Audit;
  readonly service: TestService;
  close(): Promise<void>;
}

export async function openStage(settings: Readonly<Record<string, string>> = {}): Promise<Stage> {
  const database = await createTestDatabase();
  const stores = { databaseUrl: database.url };
  const service = await startTestService({ ...stores, settings });
  const audit = await openAudit(database.url);
  const close = async () => {
    await service.stop();
    await audit.close();
    await database.drop();
  };
  return { stores, audit, service, close, [Symbol.asyncDispose]: close };
}

/** Places one order for a customer, with a key of the same name. @returns its id */
export async function place(client: Client, customerId: string, note = ''): Promise<string> {
  return createdOrder(await createOrder(client, orderRequest({ customerId, note }), { key: customerId })).orderId;
}

/** Gives an order that was set aside another try, as the command does. */
export async function requeue(stores: Stores, orderId: string): Promise<readonly string[]> {
  const database = new Database({ ...testConfig(stores).database, onChange: () => {} });
  await database.start();
  try {
    return await new PostgresJobQueue(database).requeue({ orderId }, 10);
  } finally {
    await database.close();
  }
}

export async function stateOf(audit: Audit, orderId: string): Promise<string> {
  const [row] = await audit.run('select state from orders where order_id = $1', [orderId]);
  return String(row?.['state']);
}

/** Waits until an order is in a state, and its job is gone: nothing more will happen to it. */
export async function settled(audit: Audit, orderId: string, state: string): Promise<void> {
  await until(`the order is ${state}, and has no job`, async () => {
    const [row] = await audit.run(
      `select state, exists (select from graphile_worker.jobs where key = 'order:' || order_id) as has_job
      from orders where order_id = $1`,
      [orderId],
    );
    return row?.['state'] === state && row['has_job'] === false;
  });
}

/** The events of an order in a few words: `1 PENDING`, `2 PENDING>PROCESSING`. */
export async function storyOf(audit: Audit, orderId: string): Promise<readonly string[]> {
  const rows = await audit.run(
    `select sequence || ' ' || coalesce(previous_state || '>', '') || state as words from order_events
    where order_id = $1 order by sequence`,
    [orderId],
  );
  return rows.map(({ words }) => String(words));
}

export const confirmedStory = ['1 PENDING', '2 PENDING>PROCESSING', '3 PROCESSING>CONFIRMED'];
export const rejectedStory = ['1 PENDING', '2 PENDING>PROCESSING', '3 PROCESSING>REJECTED'];
export const cancelledStory = ['1 PENDING', '2 PENDING>PROCESSING', '3 PROCESSING>CANCELLED'];
export const allSteps = ['run reserve', 'run charge', 'run ship'];

export const done = { kind: 'done' } as const;

/** An answer that never comes. */
export const never = () => new Promise<never>(() => {});
