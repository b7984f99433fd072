import { CLAIMS_MAX, JOB_KEY_PREFIX, JOB_SCHEMA, tasks } from '../fulfilment/jobs.ts';
import type { LedgerEntry } from '../idempotency/index.ts';
import type { Order } from '../orders/order.ts';
import { entryColumns, entryRow, insertEntries } from './ledger-statement.ts';
import { labelsToJson } from './schemas/labels-type.ts';

/** An order that is to be placed, with the ledger entry of the call that places it. */
export interface Placement {
  readonly order: Order;
  readonly entry: LedgerEntry;
}

/**
 * Places orders whose ledger entries are new: entries, orders, items, events and jobs are one statement, and so one transaction.
 *
 * $1  the placements, as `placementsJson` gives them; no two with one entry's id
 * $2  how long to wait for an entry that another transaction is inserting; a number with its unit
 * $3  how long to wait for any other lock, that of NOTIFY at the commit included
 *
 * Gives one row: the ids of the entries that are `lost` to other attempts, in hex, and the number of `jobs`, without which PostgreSQL would
 * not add them.
 */
export const PLACE_ORDERS = `
  with patience as materialized (select set_config('lock_timeout', $2, true)),
  placements as materialized (
    select placements.* from patience, json_to_recordset($1::json) as placements (${entryColumns},
      order_id uuid, customer_id text, order_state text, state_reason text, sequence integer, currency text, total_units bigint,
      total_nanos integer, note text, labels text, created_at timestamptz, updated_at timestamptz, items json)),
  entered as (${insertEntries('placements')}),
  more_patience as materialized (select set_config('lock_timeout', $3, true) from (select count(*) from entered) as all_entered),
  won as (
    select
      id, order_id, customer_id, order_state, state_reason, sequence, currency, total_units, total_nanos, note, labels, created_at,
      updated_at, items, trace_parent
    from more_patience, placements where id in (select id from entered)),
  placed as (
    insert into orders (
      order_id, customer_id, state, state_reason, sequence, currency, total_units, total_nanos, note, labels, created_at, updated_at,
      record_id)
    select
      order_id, customer_id, order_state, state_reason, sequence, currency, total_units, total_nanos, note, labels::jsonb, created_at,
      updated_at, id
    from won),
  placed_items as (
    insert into order_items (order_id, position, sku, quantity, price_units, price_nanos)
    select order_id, item.position, item.sku, item.quantity, item.price_units, item.price_nanos
    from won, json_to_recordset(items) as item (
      position smallint, sku text, quantity integer, price_units bigint, price_nanos integer)),
  events as (
    insert into order_events (order_id, sequence, previous_state, state, reason, occurred_at, trace_parent)
    select order_id, sequence, null, order_state, state_reason, updated_at, trace_parent from won),
  specs as (
    select array_agg(row(
      '${tasks.processOrder}',
      json_strip_nulls(json_build_object('orderId', order_id, 'failures', 0, 'traceParent', trace_parent)), null, now(), ${CLAIMS_MAX},
      '${JOB_KEY_PREFIX}' || order_id, null, null)::${JOB_SCHEMA}.job_spec) as specs
    from won),
  jobs as (select count(*) as jobs from specs, ${JOB_SCHEMA}.add_jobs(specs) where specs is not null)
  select jobs, array(select encode(id, 'hex') from placements where id not in (select id from entered)) as lost from jobs`;

/** @param memoryMs how long an expired ledger entry is remembered */
export function placementsJson(placements: readonly Placement[], memoryMs: number): string {
  return JSON.stringify(placements.map(({ order, entry }) => ({ ...entryRow(entry, memoryMs), ...orderRow(order) })));
}

/** An order as a row of JSON. */
export function orderRow(order: Order): Readonly<Record<string, unknown>> {
  return {
    order_id: order.orderId,
    customer_id: order.customerId,
    order_state: order.state,
    state_reason: order.stateReason,
    sequence: order.sequence,
    currency: order.total.currency,
    total_units: String(order.total.units),
    total_nanos: order.total.nanos,
    note: order.note,
    labels: labelsToJson(order.labels),
    created_at: order.createTime,
    updated_at: order.updateTime,
    items: order.items.map(({ sku, quantity, unitPrice: { units, nanos } }, position) => ({
      position,
      sku,
      quantity,
      price_units: String(units),
      price_nanos: nanos,
    })),
  };
}
