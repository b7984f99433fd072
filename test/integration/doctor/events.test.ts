import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { Redis } from 'ioredis';
import { takeEventLead } from '../../../src/database/event-log.ts';
import { startTestRedis, type TestRedis } from '../../support/redis.ts';
import { testConfig } from '../../support/test-config.ts';
import { examined } from './examined.ts';
import { type Arranged, arrangedDatabase, insertOrder } from './rows.ts';

// What is seen of events, the stream, and the ledger's clean-up.

let server: TestRedis;
let redis: Redis;
let database: Arranged;

beforeAll(async () => {
  [server, database] = await Promise.all([startTestRedis(), arrangedDatabase()]);
  redis = new Redis(server.url);
});

beforeEach(() => database.empty());

afterAll(async () => {
  redis.disconnect();
  await Promise.all([server.stop(), database.drop()]);
});

function stores() {
  return { databaseUrl: database.url, redisUrl: server.url };
}

test.each([
  { age: '0', level: 'warning' },
  { age: '2 minutes', level: 'fault' },
])('without a leader, an event of age $age without a number is told at level $level', async ({ age, level }) => {
  await insertOrder(database, { age });
  expect((await examined(stores())).of('events')).toMatchObject({
    level,
    message: expect.stringContaining('no process leads; 1 new event'),
    advice: expect.stringContaining('start a worker'),
    facts: { isLed: false, unnumbered: 1 },
  });
});

test.each([
  { age: '1 second', level: 'ok' },
  { age: '30 seconds', level: 'warning' },
  { age: '2 minutes', level: 'fault' },
])('with a leader, an event of age $age without a number is told at level $level', async ({ age, level }) => {
  await insertOrder(database, { age });
  const lead = await takeEventLead(testConfig({ databaseUrl: database.url }).database, new AbortController().signal);
  const found = (await examined(stores())).of('events');
  await lead?.release();
  expect(found).toMatchObject({ level, facts: { isLed: true, unnumbered: 1 } });
});

/** One numbered event for each age, of which so many were published. */
async function number(published: number): Promise<void> {
  await database.run(`
    update order_events set number = place
    from (select order_id, row_number() over (order by occurred_at) as place from order_events) as places
    where places.order_id = order_events.order_id`);
  await database.run(
    'update event_relay set last_number = (select count(*) from order_events), published_number = $1, published_at = now()',
    [published],
  );
}

test.each([
  { age: '1 second', level: 'ok' },
  { age: '2 minutes', level: 'warning' },
  { age: '1 hour', level: 'fault' },
])('an event of age $age that is not in the stream is told at level $level', async ({ age, level }) => {
  await insertOrder(database, { age: '1 day' });
  await insertOrder(database, { age });
  await number(1);
  expect((await examined(stores())).of('publishing')).toMatchObject({
    level,
    message: expect.stringContaining('1 event behind'),
    facts: { behind: 1, lastNumber: '2', publishedNumber: '1' },
  });
});

test('more unpublished events than the stream keeps are a fault, however young: consumers will miss some', async () => {
  await database.run('update event_relay set last_number = 101');
  const settings = { EVENTS_STREAM_LENGTH_MAX: '100' };
  expect((await examined({ ...stores(), settings })).of('publishing')).toMatchObject({
    level: 'fault',
    message: '101 events behind, more than the stream keeps',
  });
});

test('a stream that has lost events, one of another life, and something that is no stream are each told', async () => {
  await insertOrder(database);
  await number(1);
  const look = async () => (await examined(stores())).of('stream');
  await redis.del('orders.events');
  expect(await look()).toMatchObject({ level: 'warning', message: expect.stringContaining('it has lost events') });
  await redis.xadd('orders.events', '1-0', 'id', 'x');
  expect(await look()).toMatchObject({ level: 'ok', facts: { length: 1, lastId: '1-0' } });
  await redis.xadd('orders.events', '7-0', 'id', 'x');
  expect(await look()).toMatchObject({ level: 'warning', message: expect.stringContaining('a restored database') });
  await redis.set('orders.events', 'something');
  expect(await look()).toMatchObject({ level: 'fault', message: 'orders.events is no stream' });
  await redis.del('orders.events');
});

test.each([
  { overdue: '1 minute', level: 'ok' },
  { overdue: '1 hour', level: 'warning' },
  { overdue: '2 days', level: 'fault' },
])('a ledger entry whose clean-up is overdue for $overdue is told at level $level', async ({ overdue, level }) => {
  for (const expired of [`${7 * 24} hours`, '1 second']) {
    await database.run(
      `insert into idempotency_keys (id, principal, method, key, fingerprint, fingerprint_version, state, stored_form, response,
         created_at, expires_at)
       values (sha256($1::text::bytea), 'p', 'm', 'k', sha256('f'), 1, 'COMPLETED', 1, '',
         now() - interval '1 year', now() - $1::interval - $2::interval)`,
      [expired, expired === '1 second' ? '0' : overdue],
    );
  }
  await database.run(`
    insert into graphile_worker._private_known_crontabs (identifier, known_since, last_execution)
    values ('clean_up', now(), '2026-01-02T03:04:05Z')`);
  expect((await examined(stores())).of('ledger')).toMatchObject({
    level,
    message: expect.stringMatching(/^1 row overdue for /),
    facts: { forgotten: 1, isMore: false, lastCleanUp: '2026-01-02T03:04:05.000Z' },
  });
});
