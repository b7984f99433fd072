import { expect, test } from '@jest/globals';
import { startTestService } from '../../support/order-service.ts';
import { createTestDatabase } from '../../support/postgres.ts';
import { inWords, place } from '../faults/named-orders.ts';
import { connectTo } from '../faults/query-database.ts';

const FIRST = 10;
const LATER = 400;

test('plans that were made while tables were empty do not scan them when they have filled', async () => {
  await using stack = new AsyncDisposableStack();
  const database = stack.adopt(await createTestDatabase(), (created) => created.drop());
  // Without Redis each call reads the ledger, too.
  const service = await startTestService({ databaseUrl: database.url, settings: { DATABASE_POOL_SIZE: '3' } });
  for (let index = 0; index < FIRST; index += 1) await place(service.client, `first-${index}`);
  const later = Array.from({ length: LATER }, (_, index) => place(service.client, `later-${index}`));
  expect((await Promise.all(later)).map(inWords)).toEqual(later.map(() => 'OK executed'));
  for (let index = 0; index < FIRST; index += 1) await place(service.client, `last-${index}`);
  // Sessions tell what they have done at their ends.
  await service.stop();
  const audit = stack.adopt(await connectTo(database.url), (client) => client.end());
  const { rows } = await audit.query(
    `select relname, seq_tup_read::int as rows_scanned from pg_stat_user_tables where seq_tup_read > 1000`,
  );
  expect(rows).toEqual([]);
});
