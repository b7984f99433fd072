import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { misbehave } from '../../integration/faults/misbehaviour.ts';
import { countsOf, inWords, NO_ORDER, ONE_ORDER, place } from '../../integration/faults/named-orders.ts';
import { connectTo } from '../../integration/faults/query-database.ts';
import { until } from '../../integration/faults/until.ts';
import { committed, entrySent } from '../../support/passages.ts';
import { startServiceProcess } from '../../support/service-process.ts';
import { type GroupStage, namesOf, openGroupStage, wordsOf } from './group-stage.ts';

const STATEMENT_TIMEOUT_MS = 1_500;

let stage: GroupStage;

beforeAll(async () => {
  stage = await openGroupStage({
    DATABASE_STATEMENT_TIMEOUT_MS: String(STATEMENT_TIMEOUT_MS),
    DATABASE_LOCK_TIMEOUT_MS: String(STATEMENT_TIMEOUT_MS - 500),
  });
}, 60_000);

afterAll(async () => {
  await stage[Symbol.asyncDispose]();
}, 60_000);

const MEMBERS = 8;
const countsOfAll = (names: readonly string[]) =>
  Promise.all(names.map((name) => countsOf(stage.stores.databaseUrl, name)));
const placeElsewhere = (names: readonly string[]) =>
  Promise.all(names.map((name) => place(stage.neighbour.client, name)));

// C5: apache/fluss-rust#389, ClickHouse/ClickHouse#55538. The answer to a batch was lost, the batch was sent again, and its rows were there twice.
test.each([
  { when: 'before the database heard of it', passages: [entrySent], retried: 'OK executed', left: NO_ORDER },
  { when: 'before its end was heard of', passages: [entrySent, committed], retried: 'OK replayed', left: ONE_ORDER },
])(
  'C5 a group whose connection is cut $when has an unknown outcome for all, and each key settles it',
  async ({ passages, retried, left, when }) => {
    const names = namesOf(`C5-${when.replaceAll(' ', '-')}`, MEMBERS);
    const wasCut = stage.proxy.cutAfter(...passages);
    const results = await stage.placeTogether(names);
    await wasCut;
    expect(wordsOf(results)).toEqual(names.map(() => 'UNAVAILABLE OUTCOME_UNKNOWN, may retry'));
    expect(await countsOfAll(names)).toEqual(names.map(() => left));
    expect(wordsOf(await placeElsewhere(names))).toEqual(names.map(() => retried));
    expect(await countsOfAll(names)).toEqual(names.map(() => ONE_ORDER));
  },
);

// C6: bunnyxt/tdd-spider#32. A batch took so long that the database gave it up, and what was in it was dropped.
test('C6 a group whose statement takes too long is told so to all, keeps no other call waiting, and spends no key', async () => {
  const [slow = '', ...names] = namesOf('C6', MEMBERS);
  const misbehaviour = await misbehave(stage.stores.databaseUrl, slow, 'perform pg_sleep(20)');
  const together = stage.placeTogether([slow, ...names]);
  await until('the group is being committed', async () => {
    const rows = await stage.stores.audit.run(`select from pg_stat_activity where wait_event = 'PgSleep'`);
    return rows.length > 0;
  });
  let isGroupOver = false;
  void together.then(() => {
    isGroupOver = true;
  });
  const beside = await place(stage.service.client, 'C6-beside');
  expect([inWords(beside), isGroupOver]).toEqual(['OK executed', false]);
  expect(wordsOf(await together)).toEqual([slow, ...names].map(() => 'UNAVAILABLE DATABASE_BUSY, may retry'));
  await misbehaviour.stop();
  expect(wordsOf(await placeElsewhere([slow, ...names]))).toEqual([slow, ...names].map(() => 'OK executed'));
});

// C1, once more: one member spoils the group for all others, by waiting instead of failing.
test('C1 a key that somebody else holds is waited for alone: the others of its group are placed meanwhile', async () => {
  const [held = '', ...names] = namesOf('C1-held', MEMBERS);
  const holder = await connectTo(stage.stores.databaseUrl);
  await using ended = new AsyncDisposableStack();
  ended.defer(() => holder.end());
  // The same entry as that of the held key, in a transaction that is never committed.
  await place(stage.neighbour.client, held);
  await stage.stores.redisClient.flushall();
  await stage.stores.audit.run('delete from orders where customer_id = $1', [held]);
  const [entry] = await stage.stores.audit.run('delete from idempotency_keys where key = $1 returning id', [held]);
  await holder.query('begin');
  await holder.query(
    `insert into idempotency_keys (
      id, principal, method, key, fingerprint, fingerprint_version, state, stored_form, response, created_at, expires_at)
    values ($1, '', '', '', $1, 1, 'COMPLETED', 1, '', now(), now() + interval '1 day')`,
    [entry?.['id']],
  );
  stage.gate.close();
  const heldCall = place(stage.service.client, held);
  const others = names.map((name) => place(stage.service.client, name));
  await stage.gate.arrived(MEMBERS);
  let isHeldOver = false;
  void heldCall.then(() => {
    isHeldOver = true;
  });
  stage.gate.open();
  expect(wordsOf(await Promise.all(others))).toEqual(names.map(() => 'OK executed'));
  expect(isHeldOver).toBe(false);
  expect(inWords(await heldCall)).toBe('UNAVAILABLE IDEMPOTENCY_KEY_IN_PROGRESS, may retry');
  await holder.query('rollback');
  expect(inWords(await place(stage.neighbour.client, held))).toBe('OK executed');
});

// C7: m3db/m3#2936, bobmatnyc/trusty-tools#5627. Members of a batch were told that they were kept before the batch was, and the process died.
test('C7 a process that is killed in the middle of a group loses nothing that was acknowledged, and each key is settled by its retry', async () => {
  const { databaseUrl, redisUrl } = stage.stores;
  const [slow = '', ...names] = namesOf('C7', MEMBERS);
  const early = namesOf('C7-early', MEMBERS);
  await using service = await startServiceProcess({ databaseUrl, redisUrl });
  const acknowledged = await Promise.all(early.map((name) => place(service.client, name)));
  expect(wordsOf(acknowledged)).toEqual(early.map(() => 'OK executed'));
  const holder = await connectTo(databaseUrl);
  await using ended = new AsyncDisposableStack();
  ended.defer(() => holder.end());
  // Their group stands still in the middle: its entries are written, and not all of its orders.
  await holder.query('select pg_advisory_lock(7)');
  const misbehaviour = await misbehave(databaseUrl, slow, 'perform pg_advisory_xact_lock(7)');
  const results = Promise.all([...names, slow].map((name) => place(service.client, name)));
  await until('a group stands still', async () => {
    const rows = await stage.stores.audit.run(`select from pg_locks where locktype = 'advisory' and not granted`);
    return rows.length > 0;
  });
  await service.kill();
  await holder.query('select pg_advisory_unlock(7)');
  await misbehaviour.stop();
  for (const result of await results) {
    expect(inWords(result)).toMatch(/^UNAVAILABLE/);
  }
  for (const words of wordsOf(await placeElsewhere([...names, slow]))) {
    expect(words).toMatch(/^OK (executed|replayed)$/);
  }
  const again = await placeElsewhere(early);
  expect(wordsOf(again)).toEqual(early.map(() => 'OK replayed'));
  expect(again.map(({ response }) => response)).toEqual(acknowledged.map(({ response }) => response));
  expect(await countsOfAll([...early, ...names, slow])).toEqual([...early, ...names, slow].map(() => ONE_ORDER));
});
