import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { TOTAL_UNITS_LIMIT } from '../../../src/orders/money.ts';
import { STATE_REASON_CHARACTERS_MAX } from '../../../src/orders/transitions.ts';
import { limits } from '../../../src/orders/validation/draft-rule.ts';
import { createTestDatabase, type TestDatabase } from '../../support/postgres.ts';
import { type Audit, openAudit } from '../orders/audit.ts';

let database: TestDatabase;
let audit: Audit;

beforeAll(async () => {
  database = await createTestDatabase();
  audit = await openAudit(database.url);
});

afterAll(async () => {
  await audit.close();
  await database.drop();
}, 60_000);

const bytes32 = Buffer.alloc(32, 7);
const orderId = '0190f5c2-1c3d-7a4b-8c9d-0123456789ab';
const now = new Date();

const good: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  orders: {
    order_id: orderId,
    customer_id: 'c',
    state: 'PENDING',
    currency: 'EUR',
    total_units: '0',
    total_nanos: 0,
    note: '',
    labels: '{}',
    created_at: now,
    updated_at: now,
    record_id: bytes32,
    sequence: 1,
    state_reason: '',
  },
  order_items: { order_id: orderId, position: 0, sku: 's', quantity: 1, price_units: '0', price_nanos: 0 },
  idempotency_keys: {
    id: bytes32,
    principal: 'anonymous',
    method: '/a/B',
    key: 'k',
    fingerprint: bytes32,
    fingerprint_version: 1,
    state: 'COMPLETED',
    stored_form: 1,
    response: Buffer.of(0),
    status_code: null,
    status_message: null,
    status_details: null,
    created_at: now,
    expires_at: new Date(now.getTime() + 1),
  },
  service_secrets: { name: 'another', secret: bytes32 },
  order_events: {
    order_id: orderId,
    sequence: 1,
    previous_state: null,
    state: 'PENDING',
    reason: '',
    occurred_at: now,
  },
  order_steps: { order_id: orderId, step: 'a', position: 1, state: 'BEGUN' },
  dead_letters: { order_id: orderId, sequence: 2, step: null, failures: 1, last_error: '', failed_at: now },
  event_relay: { id: 2, last_number: 0, published_number: 0, published_at: null },
};

/** Tables whose rows belong to an order. */
const ofOrders = ['order_items', 'order_events', 'order_steps', 'dead_letters'];

const failed = { state: 'FAILED', response: null, status_code: 5, status_message: '', status_details: Buffer.of() };

/** Inserts a row with the changes into a table, and takes it back. @returns the constraint that refused it */
async function refusalOf(table: string, changes: Readonly<Record<string, unknown>>): Promise<string | undefined> {
  const row = { ...good[table], ...changes };
  const names = Object.keys(row);
  const places = names.map((_, index) => `$${index + 1}`);
  await audit.run('begin');
  try {
    if (ofOrders.includes(table)) await insert('orders', { ...good['orders'] });
    await audit.run(`insert into ${table} (${names.join()}) values (${places.join()})`, Object.values(row));
    return undefined;
  } catch (error) {
    if (error instanceof Error && 'constraint' in error) return String(error.constraint ?? error.message);
    throw error;
  } finally {
    await audit.run('rollback');
  }
}

async function insert(table: string, row: Readonly<Record<string, unknown>>) {
  const names = Object.keys(row);
  const places = names.map((_, index) => `$${index + 1}`);
  await audit.run(`insert into ${table} (${names.join()}) values (${places.join()})`, Object.values(row));
}

const secondEvent = { sequence: 2, previous_state: 'PENDING', state: 'PROCESSING' };

const most = String(TOTAL_UNITS_LIMIT - 1n);

test.each([
  ['orders', {}],
  ['orders', { customer_id: '😀'.repeat(limits.customerIdCharactersMax), note: '😀'.repeat(limits.noteCharactersMax) }],
  ['orders', { total_units: most, total_nanos: 999_999_999 }],
  ['orders', { state: 'CANCELLED', labels: '{"__proto__":"x"}' }],
  ['order_items', {}],
  ['order_items', { position: limits.itemsMax - 1, sku: '😀'.repeat(limits.skuCharactersMax) }],
  ['order_items', { quantity: limits.quantityMax, price_units: most, price_nanos: 999_999_999 }],
  ['idempotency_keys', {}],
  ['idempotency_keys', failed],
  ['idempotency_keys', { trace_parent: 't'.repeat(55) }],
  ['idempotency_keys', { ...failed, status_code: 16 }],
  ['service_secrets', {}],
  ['orders', { state: 'REJECTED', state_reason: '😀'.repeat(STATE_REASON_CHARACTERS_MAX), sequence: 3 }],
  ['order_events', {}],
  ['order_events', { trace_parent: 't'.repeat(55) }],
  ['order_events', { ...secondEvent, reason: '😀'.repeat(STATE_REASON_CHARACTERS_MAX) }],
  ['order_steps', { step: `a${'-'.repeat(62)}` }],
  ['order_steps', { state: 'UNDONE' }],
  ['dead_letters', {}],
] as const)("%s takes what the domain's limits allow: %j", async (table, changes) => {
  expect(await refusalOf(table, changes)).toBeUndefined();
});

test.each([
  ['orders_customer_id_check', { customer_id: '' }],
  ['orders_customer_id_check', { customer_id: 'c'.repeat(limits.customerIdCharactersMax + 1) }],
  ['orders_state_check', { state: 'UNKNOWN' }],
  ['orders_state_check', { state: 'pending' }],
  ['orders_currency_check', { currency: 'eur' }],
  ['orders_currency_check', { currency: 'EURO' }],
  ['orders_currency_check', { currency: 'EUR\n' }],
  ['orders_total_units_check', { total_units: '-1' }],
  ['orders_total_units_check', { total_units: String(TOTAL_UNITS_LIMIT) }],
  ['orders_total_nanos_check', { total_nanos: -1 }],
  ['orders_total_nanos_check', { total_nanos: 1_000_000_000 }],
  ['orders_note_check', { note: 'n'.repeat(limits.noteCharactersMax + 1) }],
  ['orders_labels_check', { labels: '[]' }],
  ['orders_labels_check', { labels: 'null' }],
  ['orders_updated_at_check', { updated_at: new Date(now.getTime() - 1) }],
  ['orders_record_id_check', { record_id: Buffer.alloc(31) }],
  ['order_items_position_check', { position: -1 }],
  ['order_items_position_check', { position: limits.itemsMax }],
  ['order_items_sku_check', { sku: '' }],
  ['order_items_sku_check', { sku: 's'.repeat(limits.skuCharactersMax + 1) }],
  ['order_items_quantity_check', { quantity: 0 }],
  ['order_items_quantity_check', { quantity: limits.quantityMax + 1 }],
  ['order_items_price_units_check', { price_units: '-1' }],
  ['order_items_price_units_check', { price_units: String(TOTAL_UNITS_LIMIT) }],
  ['order_items_price_nanos_check', { price_nanos: -1 }],
  ['order_items_price_nanos_check', { price_nanos: 1_000_000_000 }],
  ['order_items_order_id_foreign', { order_id: '00000000-0000-7000-8000-000000000000' }],
  ['idempotency_keys_id_check', { id: Buffer.alloc(33) }],
  ['idempotency_keys_fingerprint_check', { fingerprint: Buffer.alloc(31) }],
  ['idempotency_keys_state_check', { ...failed, state: 'PENDING' }],
  ['idempotency_keys_outcome_check', { response: null }],
  ['idempotency_keys_outcome_check', { status_code: 5 }],
  ['idempotency_keys_outcome_check', { status_message: '' }],
  ['idempotency_keys_outcome_check', { status_details: Buffer.of() }],
  ['idempotency_keys_outcome_check', { ...failed, response: Buffer.of(0) }],
  ['idempotency_keys_outcome_check', { ...failed, status_code: null }],
  ['idempotency_keys_outcome_check', { ...failed, status_code: 0 }],
  ['idempotency_keys_outcome_check', { ...failed, status_code: 17 }],
  ['idempotency_keys_outcome_check', { ...failed, status_message: null }],
  ['idempotency_keys_outcome_check', { ...failed, status_details: null }],
  ['idempotency_keys_expires_at_check', { expires_at: now }],
  ['idempotency_keys_trace_parent_check', { trace_parent: 't'.repeat(56) }],
  ['service_secrets_secret_check', { secret: Buffer.alloc(31) }],
  ['orders_sequence_check', { sequence: 0 }],
  ['orders_state_reason_check', { state_reason: 'r'.repeat(STATE_REASON_CHARACTERS_MAX + 1) }],
  ['order_events_sequence_check', { sequence: 0 }],
  ['order_events_sequence_check', { ...secondEvent, sequence: 1 }],
  ['order_events_sequence_check', { sequence: 2 }],
  ['order_events_transition_check', { state: 'CONFIRMED' }],
  ['order_events_transition_check', { ...secondEvent, previous_state: 'CONFIRMED' }],
  ['order_events_trace_parent_check', { trace_parent: 't'.repeat(56) }],
  ['order_events_reason_check', { reason: 'r'.repeat(STATE_REASON_CHARACTERS_MAX + 1) }],
  ['order_events_order_id_foreign', { order_id: '00000000-0000-7000-8000-000000000000' }],
  ['order_steps_step_check', { step: 'A' }],
  ['order_steps_step_check', { step: `a${'-'.repeat(63)}` }],
  ['order_steps_state_check', { state: 'begun' }],
  ['order_steps_order_id_foreign', { order_id: '00000000-0000-7000-8000-000000000000' }],
  ['dead_letters_order_id_foreign', { order_id: '00000000-0000-7000-8000-000000000000' }],
  ['event_relay_id_check', {}],
  ['event_relay_published_number_check', { id: 1, published_number: 1 }],
])('%s refuses %j', async (constraint, changes) => {
  const table = Object.keys(good).find((name) => constraint.startsWith(`${name}_`)) ?? '';
  expect(await refusalOf(table, changes)).toBe(constraint);
  checked.add(constraint);
});

const checked = new Set<string>();

test('no CHECK constraint is left out above', async () => {
  const rows = await audit.run(
    `select conname from pg_constraint where contype = 'c' and connamespace = 'public'::regnamespace`,
  );
  const names = rows.map(({ conname }) => String(conname)).filter((name) => !name.startsWith('schema_migrations'));
  expect(names.filter((name) => !checked.has(name))).toEqual([]);
  expect(names.length).toBeGreaterThan(15);
});
