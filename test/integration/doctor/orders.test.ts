import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { examined, told } from './examined.ts';
import { type Arranged, arrangedDatabase, enqueue, insertOrder, insertWorker, setAside } from './rows.ts';

// What is seen of orders that do not come to their end.

let database: Arranged;

beforeAll(async () => {
  database = await arrangedDatabase();
});

beforeEach(() => database.empty());

afterAll(() => database.drop());

test('jobs without a living worker are a fault, which says how to start one', async () => {
  await insertWorker(database, '1 minute');
  expect((await examined({ databaseUrl: database.url })).of('queue')).toMatchObject({
    level: 'warning',
    message: 'no worker is alive: orders would stay PENDING',
  });
  await enqueue(database, await insertOrder(database), '-1 hour');
  expect((await examined({ databaseUrl: database.url })).of('queue')).toMatchObject({
    level: 'fault',
    message: '1 order in the queue, and no worker is alive',
    advice: expect.stringContaining('npm run worker'),
    facts: { waiting: 1, due: 0, delayed: 1, running: 0, workers: 0, oldestDueMs: 0 },
  });
});

test.each([
  { dueSince: '10 seconds', level: 'ok', message: '1 worker; 1 due, 0 delayed, 0 running' },
  { dueSince: '3 minutes', level: 'warning', message: '1 job due, the oldest for 3 min' },
  { dueSince: '15 minutes', level: 'fault', message: '1 job due, the oldest for 15 min' },
])('a job that is due since $dueSince is told at level $level', async ({ dueSince, level, message }) => {
  await insertWorker(database);
  await enqueue(database, await insertOrder(database), dueSince);
  expect((await examined({ databaseUrl: database.url })).of('queue')).toMatchObject({ level, message });
});

test.each([
  { state: 'PENDING', age: '1 minute', level: 'ok' },
  { state: 'PENDING', age: '6 minutes', level: 'warning' },
  { state: 'PENDING', age: '2 hours', level: 'fault' },
  { state: 'PROCESSING', age: '6 minutes', level: 'ok' },
  { state: 'PROCESSING', age: '2 hours', level: 'warning' },
  { state: 'PROCESSING', age: '2 days', level: 'fault' },
] as const)('an order that is $state for $age is told at level $level, by its id', async ({ state, age, level }) => {
  await insertOrder(database, { state });
  await insertOrder(database, { state: 'CONFIRMED', age: '1 year' });
  const orderId = await insertOrder(database, { state, age });
  await setAside(database, await insertOrder(database, { state, age: '1 year' }), '1 year', 'told of elsewhere');
  const found = (await examined({ databaseUrl: database.url })).of('unfinished');
  expect(found).toMatchObject({ level, facts: { [state.toLowerCase()]: { orderId } } });
});

test('orders that were set aside are listed, newest first, with their last error on one line and without its secrets', async () => {
  const orderIds: string[] = [];
  for (let age = 12; age >= 1; age -= 1) {
    const orderId = await insertOrder(database, { state: 'PROCESSING' });
    await setAside(
      database,
      orderId,
      `${age} hours`,
      `no way to https://shop:open-sesame@pay.example/x\n  after ${age} h`,
    );
    orderIds.unshift(orderId);
  }
  const { of, code } = await examined({ databaseUrl: database.url });
  const { level, message, advice, facts } = of('dead-letters');
  expect({ level, message, advice }).toEqual({
    level: 'warning',
    message: '12 orders set aside; the newest 10:',
    advice: 'mend the cause, then `npm run doctor -- --requeue <order-id|all>`',
  });
  const newest = expect.objectContaining({
    step: 'charge',
    failures: 12,
    lastError: expect.stringMatching(/^no way to .* h$/),
  });
  expect(facts).toEqual({ count: 12, newest: Array.from({ length: 10 }, () => newest) });
  expect(facts['newest']).toMatchObject(orderIds.slice(0, 10).map((orderId) => ({ orderId })));
  expect(code).toBe(1);
  const { output } = await told({}, { databaseUrl: database.url });
  expect(output).toContain(`${orderIds[0]}  charge, 12 failures, 60 min ago`);
  expect(output).toContain('no way to https://shop:***@pay.example/x after 1 h');
  expect(output).not.toContain('sesame');
});

test('one order, or all, that were set aside are given another try, and named', async () => {
  const stores = { databaseUrl: database.url };
  const orderIds: string[] = [];
  for (let orders = 0; orders < 3; orders += 1) {
    const orderId = await insertOrder(database, { state: 'PROCESSING' });
    await setAside(database, orderId, '1 hour', 'broken');
    orderIds.push(orderId);
  }
  const [first = '', ...others] = orderIds;
  expect(await told({ requeue: first }, stores)).toMatchObject({
    code: 0,
    output: `1 order will be tried again:\n  ${first}\n`,
  });
  expect((await examined(stores)).of('dead-letters').facts['count']).toBe(2);
  expect((await examined(stores)).of('queue').facts).toMatchObject({ waiting: 1, due: 1 });

  const again = await told({ requeue: first }, stores);
  expect(again).toMatchObject({ code: 1, output: `${first} was not set aside\n` });

  const all = await told({ requeue: 'all', json: true }, stores);
  expect(all.code).toBe(0);
  expect(JSON.parse(all.output).requeued.toSorted()).toEqual(others.toSorted());
  expect((await examined(stores)).of('dead-letters').level).toBe('ok');
  expect(await told({ requeue: 'all' }, stores)).toMatchObject({ code: 0, output: 'no order was set aside\n' });
});
