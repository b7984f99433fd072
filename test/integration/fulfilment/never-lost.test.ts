import { expect, test } from '@jest/globals';
import { Migrator } from '@mikro-orm/migrations';
import { migrate } from '../../../src/database/migrate.ts';
import { migrations } from '../../../src/database/migrations/migrations.ts';
import { createOrm } from '../../../src/database/orm.ts';
import { createOrder, orderRequest } from '../../support/order-requests.ts';
import { createTestDatabase } from '../../support/postgres.ts';
import { startServiceProcess } from '../../support/service-process.ts';
import { testConfig } from '../../support/test-config.ts';
import { startTestWorker } from '../../support/test-worker.ts';
import { until } from '../faults/until.ts';
import { openAudit } from '../orders/audit.ts';
import { confirmedStory, openStage, place, settled, storyOf } from './stage.ts';

test.concurrent('P7 the service is killed right after the commit, before any answer: the order is processed all the same', async () => {
  await using stage = await openStage();
  const { audit, stores } = stage;
  await using owner = await startServiceProcess({ ...stores, pauseAt: 'after_commit' });
  const call = createOrder(owner.client, orderRequest({ customerId: 'orphan' }), { key: 'orphan' });
  await owner.paused();
  await owner.kill();
  await call;
  const [row] = await audit.run('select order_id from orders');
  const orderId = String(row?.['order_id']);
  // Nobody but the commit itself can have enqueued it.
  expect(await audit.run('select key, attempts from graphile_worker.jobs')).toEqual([
    { key: `order:${orderId}`, attempts: 0 },
  ]);
  await using worker = await startTestWorker({ ...stores, settings: { FULFILMENT_ENABLED: 'true' } });
  await settled(audit, orderId, 'CONFIRMED');
  expect(await storyOf(audit, orderId)).toEqual(confirmedStory);
  expect(worker.hasSaid('an order had no job')).toBe(false);
});

test.concurrent('a job whose key somebody has made by hand keeps no exhausted order from being set aside', async () => {
  await using stage = await openStage();
  const { audit, service, stores } = stage;
  const orderId = await place(service.client, 'exhausted');
  await audit.run(`select graphile_worker.add_job('process_order', '{"orderId": "abc"}', job_key => 'order:abc')`);
  await audit.run('update graphile_worker._private_jobs set attempts = max_attempts');
  await using worker = await startTestWorker({ ...stores, settings: { FULFILMENT_ENABLED: 'true' } });
  await until('it is set aside', () => worker.hasSaid('an order was set aside'));
  expect(await audit.run('select order_id from dead_letters')).toEqual([{ order_id: orderId }]);
});

test.concurrent('P7 an order that is not committed has no job', async () => {
  await using stage = await openStage();
  const { audit, service } = stage;
  await place(service.client, 'first');
  await audit.run(`alter table order_events add constraint refused check (false) not valid`);
  const { code } = await createOrder(service.client, orderRequest({ customerId: 'refused' }), { key: 'refused' });
  expect(code).not.toBe(0);
  expect(await audit.run('select from orders')).toHaveLength(1);
  expect(await audit.run('select from graphile_worker.jobs')).toHaveLength(1);
});

test.concurrent('orders that have lost their job are given another one; young ones, final ones and those set aside are left alone', async () => {
  await using stage = await openStage();
  const { audit, service, stores } = stage;
  const [lost, young, aside] = await Promise.all(
    ['lost', 'young', 'aside'].map((customer) => place(service.client, customer)),
  );
  await audit.run('delete from graphile_worker._private_jobs');
  await audit.run(
    `update orders set created_at = created_at - interval '2 min', updated_at = updated_at - interval '2 min'
    where customer_id <> 'young'`,
  );
  await audit.run(
    `insert into dead_letters (order_id, sequence, failures, last_error, failed_at) values ($1, 1, 1, 'why', now())`,
    [aside],
  );
  await using worker = await startTestWorker({ ...stores, settings: { FULFILMENT_ENABLED: 'true' } });
  await settled(audit, String(lost), 'CONFIRMED');
  expect(worker.hasSaid('an order had no job: it was given one')).toBe(true);
  expect(await audit.run('select order_id from orders where state = $1 order by 1', ['PENDING'])).toEqual(
    [young, aside].sort().map((order_id) => ({ order_id })),
  );
});

test.concurrent('a database with orders from before there were jobs and events: each gets its event, and is processed', async () => {
  const database = await createTestDatabase({ isEmpty: true });
  const { database: options } = testConfig({ databaseUrl: database.url });
  const audit = await openAudit(database.url);
  try {
    const orm = createOrm(options, {
      extensions: [Migrator],
      migrations: { migrationsList: migrations.slice(0, 1), tableName: 'schema_migrations', snapshot: false },
    });
    await orm.migrator.up().finally(() => orm.close(true));
    await audit.run(`
      insert into orders (order_id, customer_id, state, currency, total_units, total_nanos, note, labels, created_at, updated_at, record_id)
      select gen_random_uuid(), 'c' || n, 'PENDING', 'EUR', 1, 0, '', '{}', now() - interval '1 day', now() - interval '1 day', sha256(n::text::bytea)
      from generate_series(1, 20) as n`);
    await audit.run(`
      insert into order_items (order_id, position, sku, quantity, price_units, price_nanos)
      select order_id, 0, 'tea', 1, 1, 0 from orders`);
    await migrate(options);
    await using worker = await startTestWorker({
      databaseUrl: database.url,
      settings: { FULFILMENT_ENABLED: 'true' },
    });
    const rows = await audit.run('select order_id from orders');
    expect(rows).toHaveLength(20);
    for (const { order_id } of rows) {
      await settled(audit, String(order_id), 'CONFIRMED');
      expect(await storyOf(audit, String(order_id))).toEqual(confirmedStory);
    }
    expect(worker.log.filter(({ level }) => Number(level) >= 50)).toEqual([]);
    const [first] = await audit.run(
      'select occurred_at = created_at as is_kept from order_events join orders using (order_id) where order_events.sequence = 1',
    );
    expect(first).toEqual({ is_kept: true });
  } finally {
    await audit.close();
    await database.drop();
  }
});
