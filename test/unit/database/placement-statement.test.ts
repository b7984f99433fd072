import { expect, test } from '@jest/globals';
import { createOrm } from '../../../src/database/orm.ts';
import { PLACE_ORDERS } from '../../../src/database/placement-statement.ts';

// The statement that places orders is written by hand, for its speed. The tables are the entities'.

const orm = createOrm({
  url: 'postgres://127.0.0.1/nowhere',
  poolSize: 1,
  connectTimeoutMs: 1,
  statementTimeoutMs: 1,
  lockTimeoutMs: 1,
  idleInTransactionTimeoutMs: 1,
  silenceLimitMs: 1,
});

/** The columns that the statement writes when it inserts into a table. */
function writtenColumns(table: string): readonly string[] {
  const [, columns = ''] = new RegExp(`insert into ${table}(?: as \\w+)? \\(([^)]*)\\)`).exec(PLACE_ORDERS) ?? [];
  return columns.split(',').map((column) => column.trim());
}

test.each([
  { table: 'idempotency_keys', later: [] },
  { table: 'orders', later: [] },
  { table: 'order_items', later: [] },
  // The relay numbers events when they are committed.
  { table: 'order_events', later: ['number'] },
])('the statement that places orders writes every column that the entity of $table has', ({ table, later }) => {
  const { props = [] } = [...orm.getMetadata().getAll().values()].find(({ tableName }) => tableName === table) ?? {};
  const columns = props.flatMap(({ fieldNames, persist }) => (persist === false ? [] : (fieldNames ?? [])));
  expect(columns.length).toBeGreaterThan(5);
  expect([...writtenColumns(table), ...later].sort()).toEqual(columns.sort());
});
