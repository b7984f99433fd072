import type { Client } from 'pg';
import { z } from 'zod';
import { JOB_KEY_PREFIX } from '../../../src/fulfilment/jobs.ts';
import { orderStates } from '../../../src/orders/order.ts';
import { failureContent, hashOf } from '../../../src/simulator/unary-attempt.ts';
import type { LedgerRow, OrderRow } from '../history.ts';

const CREATE = '/orders.v1.OrderService/CreateOrder';
const DERIVED_PREFIX = 'sha256-';
const PAGE = 5_000;

const ledgerRule = z.array(
  z.object({
    id: z.instanceof(Buffer),
    method: z.string(),
    key: z.string(),
    state: z.enum(['COMPLETED', 'FAILED']),
    response: z.instanceof(Buffer).nullable(),
    status_code: z.number().nullable(),
    status_message: z.string().nullable(),
    status_details: z.instanceof(Buffer).nullable(),
    request: z.string().nullable(),
  }),
);

/** The request of a derived key stands in its order only. */
const LEDGER = `
  select id, method, key, idempotency_keys.state, response, status_code, status_message, status_details,
    (select note from orders where record_id = id limit 1) as request
  from idempotency_keys where ($1::bytea is null or id > $1::bytea) order by id limit ${PAGE}`;

const orderRule = z.array(
  z.object({
    order_id: z.string(),
    note: z.string(),
    state: z.enum(orderStates),
    sequence: z.number(),
    key: z.string().nullable(),
    items: z.number(),
    events: z.number(),
    jobs: z.number(),
  }),
);

const ORDERS = `
  select order_id, note, orders.state, sequence, key,
    (select count(*)::integer from order_items where order_items.order_id = orders.order_id) as items,
    (select count(*)::integer from order_events where order_events.order_id = orders.order_id) as events,
    (select count(*)::integer from graphile_worker.jobs where jobs.key = $2 || orders.order_id::text) as jobs
  from orders left join idempotency_keys on id = record_id
  where ($1::uuid is null or order_id > $1::uuid) order by order_id limit ${PAGE}`;

/** All that the database has, as the judge wants it. */
export async function takeSnapshot(client: Client): Promise<readonly (LedgerRow | OrderRow)[]> {
  return [...(await readOrders(client)), ...(await readLedger(client))];
}

async function readOrders(client: Client): Promise<readonly OrderRow[]> {
  const orders: OrderRow[] = [];
  for (;;) {
    const rows = orderRule.parse((await client.query(ORDERS, [orders.at(-1)?.orderId ?? null, JOB_KEY_PREFIX])).rows);
    for (const { order_id: orderId, note: request, key, ...rest } of rows) {
      orders.push({
        kind: 'order',
        orderId,
        request,
        record: recordOf(CREATE, key ?? request, request),
        ...rest,
      });
    }
    if (rows.length < PAGE) {
      return orders;
    }
  }
}

async function readLedger(client: Client): Promise<readonly LedgerRow[]> {
  const entries: LedgerRow[] = [];
  let after: Buffer | null = null;
  for (;;) {
    const rows: z.output<typeof ledgerRule> = ledgerRule.parse((await client.query(LEDGER, [after])).rows);
    for (const row of rows) {
      entries.push({
        kind: 'ledger',
        record: recordOf(row.method, row.key, row.request ?? ''),
        state: row.state,
        hash: hashOf(
          row.response === null
            ? failureContent(row.status_code ?? 0, row.status_message ?? '', row.status_details ?? Buffer.alloc(0))
            : [row.response],
        ),
      });
    }
    after = rows.at(-1)?.id ?? null;
    if (rows.length < PAGE) {
      return entries;
    }
  }
}

function recordOf(method: string, key: string, request: string): string {
  const name = method === CREATE ? 'create' : 'cancel';
  return `${name} ${key.startsWith(DERIVED_PREFIX) ? `derived:${request}` : key}`;
}
