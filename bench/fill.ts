import { Redis } from 'ioredis';
import pg from 'pg';

/** So many at once. */
const BATCH = 10_000;

/** Puts records into PostgreSQL where they would be after so many calls: orders with items and events, and ledger entries with answers. */
export async function fillDatabase(databaseUrl: string, records: number): Promise<void> {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    for (const [first, last] of batchesOf(records)) {
      await client.query(FILL, [first, last]);
    }
    await client.query('update event_relay set last_number = $1, published_number = $1', [records]);
    await client.query('vacuum analyze');
  } finally {
    await client.end();
  }
}

/** Puts finished records into Redis. */
export async function fillRedis(redisUrl: string, records: number): Promise<void> {
  const redis = new Redis(redisUrl);
  try {
    for (const [first, last] of batchesOf(records)) {
      await redis.eval(FILL_REDIS, 0, first, last, Buffer.alloc(RESPONSE_BYTES));
    }
  } finally {
    redis.disconnect();
  }
}

function* batchesOf(records: number): Generator<readonly [first: number, last: number]> {
  for (let first = 0; first < records; first += BATCH) {
    yield [first, Math.min(records, first + BATCH) - 1];
  }
}

/** About what an order with three items takes. */
const RESPONSE_BYTES = 240;

const FILL = `
  with numbers as materialized (
    select number, uuidv7() as order_id, sha256(number::text::bytea) as id from generate_series($1::int, $2::int) as number),
  entries as (
    insert into idempotency_keys (
      id, principal, method, key, fingerprint, fingerprint_version, state, stored_form, response, created_at, expires_at)
    select
      id, 'anonymous', '/orders.v1.OrderService/CreateOrder', 'filled-' || number, id, 1, 'COMPLETED', 1,
      decode(repeat('00', ${RESPONSE_BYTES}), 'hex'), now(), now() + interval '1 day'
    from numbers),
  placed as (
    insert into orders (
      order_id, customer_id, state, state_reason, sequence, currency, total_units, total_nanos, note, labels, created_at, updated_at,
      record_id)
    select
      order_id, 'customer-' || number % 1000, 'CONFIRMED', '', 1, 'EUR', 12, 990000000, '', '{"channel": "web"}', now(), now(), id
    from numbers),
  items as (
    insert into order_items (order_id, position, sku, quantity, price_units, price_nanos)
    select order_id, position, 'article-' || position, 1, 12, 990000000 from numbers, generate_series(0, 2) as position)
  insert into order_events (order_id, sequence, previous_state, state, reason, occurred_at, number)
  select order_id, 1, null, 'PENDING', '', now(), number + 1 from numbers`;

const FILL_REDIS = `
  for record = ARGV[1], ARGV[2] do
    local key = 'order-service:filled:{' .. record .. '}'
    redis.call('hset', key, 'state', 'COMPLETED', 'fingerprint', string.rep('f', 64), 'fingerprint_version', 1, 'form', 1, 'kept', 'here',
      'response', ARGV[3], 'first_ms', 1764000000000, 'attempts', 1)
    redis.call('pexpire', key, 24 * 60 * 60 * 1000)
  end`;
