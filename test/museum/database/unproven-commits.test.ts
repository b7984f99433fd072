import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type Kysely, sql } from 'kysely';
import type { LedgerEntry } from '../../../src/idempotency/index.ts';
import { SayResponse } from '../../generated/echo/v1/echo_service.ts';
import { countsOf, inWords, NO_ORDER, place } from '../../integration/faults/named-orders.ts';
import { queryDatabase } from '../../integration/faults/query-database.ts';
import { say, toldBy } from '../../integration/idempotency/stage/calls.ts';
import { ledgerRow, sayRecord, stateInRedis } from '../../integration/idempotency/stage/records.ts';
import { openStage, type Stage } from '../../integration/idempotency/stage/stage.ts';
import type { EchoService } from '../../support/echo-service.ts';
import { startTestService, type TestService } from '../../support/order-service.ts';
import { status } from '../../support/unary-call.ts';

// D1: oven-sh/bun#35119, erleans/pgo#131. A transaction that met an error is rolled back by its COMMIT, which says so in a tag
// that nobody reads.

let stage: Stage;
let echo: EchoService;
let orders: TestService;

beforeAll(async () => {
  stage = await openStage();
  echo = await stage.startService();
  orders = await startTestService({ databaseUrl: stage.databaseUrl, redisUrl: stage.redis.url });
  await stage.sql('create table effects (name text primary key)');
  await stage.sql(`insert into effects values ('taken')`);
}, 60_000);

afterAll(async () => {
  await orders.stop();
  await stage.close();
}, 60_000);

type Connection = Kysely<never>;
const enter = (entry: LedgerEntry, connection: Connection) => echo.ledger.entryInsert(entry).execute(connection);
const effect = (connection: Connection) => sql`insert into effects values ('taken')`.execute(connection);
const swallow = () => undefined;

/** Handlers whose effect violates a unique key, and who do not want to know. */
const handlers: Readonly<Record<string, (entry: LedgerEntry, connection: Connection) => ReturnType<typeof enter>>> = {
  'the effect and the entry in one statement': (entry, connection) =>
    sql`with entry as (${echo.ledger.entryInsert(entry)}), effect as (insert into effects select 'taken' from entry)
      select id from entry`.execute(connection),
  'a transaction of its own, the entry last': (entry, connection) =>
    connection.transaction().execute(async (transaction) => {
      await effect(transaction).catch(swallow);
      return await enter(entry, transaction);
    }),
  'a transaction of its own, the entry first': (entry, connection) =>
    connection.transaction().execute(async (transaction) => {
      const entered = await enter(entry, transaction);
      await effect(transaction).catch(swallow);
      return entered;
    }),
  'a transaction by hand': async (entry, connection) => {
    await sql`begin`.execute(connection);
    const entered = await enter(entry, connection);
    await effect(connection).catch(swallow);
    await sql`commit`.execute(connection);
    return entered;
  },
  'a transaction that is never committed': async (entry, connection) => {
    await sql`begin`.execute(connection);
    return await enter(entry, connection);
  },
};

test.each(Object.entries(handlers))(
  'D1 a commit that was a rollback is never OK: a handler swallows a unique violation in %s, and nothing is kept',
  async (text, work) => {
    const key = text.replaceAll(/\W+/g, '-');
    stage.whenSaying(text, async (attempt) => {
      const commit = (entry: LedgerEntry) => echo.ledger.commit(entry, (connection) => work(entry, connection));
      await attempt.commit(SayResponse.fromPartial({ text }), commit).catch(swallow);
    });
    const result = await say(echo, { text }, { key });
    expect({ ...result.errorInfo, code: status[result.code] }).toMatchObject({
      code: 'INTERNAL',
      reason: 'DATABASE_REFUSED',
    });
    await echo.idempotency.drained();
    expect(await ledgerRow(stage, sayRecord(text, key))).toBeUndefined();
    expect(await stateInRedis(stage, echo, sayRecord(text, key))).toBeNull();
    // The connection has gone back to the pool as it should be: outside of any transaction.
    stage.whenSaying(text, () => {});
    expect(toldBy(await say(echo, { text }, { key })).status).toBe('executed');
  },
);

test('D1 a commit that was a rollback is never OK: nor is an order whose row a trigger dropped without an error', async () => {
  await queryDatabase(
    stage.databaseUrl,
    `create function drop_row() returns trigger language plpgsql as $$ begin return null; end $$;
    create trigger drops before insert on orders for each row execute function drop_row()`,
  );
  const result = await place(orders.client, 'dropped');
  await queryDatabase(stage.databaseUrl, 'drop function drop_row cascade');
  expect(inWords(result)).toBe('INTERNAL DATABASE_REFUSED');
  expect(await countsOf(stage.databaseUrl, 'dropped')).toEqual(NO_ORDER);
  expect(inWords(await place(orders.client, 'dropped'))).toBe('OK executed');
});
