import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { misbehave, raise } from '../../integration/faults/misbehaviour.ts';
import { countsOf, inWords, NO_ORDER, ONE_ORDER, place } from '../../integration/faults/named-orders.ts';
import { type GroupStage, namesOf, openGroupStage, wordsOf } from './group-stage.ts';

let stage: GroupStage;

beforeAll(async () => {
  stage = await openGroupStage();
}, 60_000);

afterAll(async () => {
  await stage[Symbol.asyncDispose]();
}, 60_000);

const countsOfAll = (names: readonly string[]) =>
  Promise.all(names.map((name) => countsOf(stage.stores.databaseUrl, name)));

// C1: google/capsem#125, m-lab/etl#94. One row that broke a rule took along all rows that happened to be written with it.
test.each([
  { which: 'the first', bad: [0] },
  { which: 'the last', bad: [15] },
  { which: 'two neighbours', bad: [7, 8] },
  { which: 'all but one', bad: Array.from({ length: 15 }, (_, index) => index) },
])('C1 a row that cannot be written costs only its own caller: $which of a group of 16', async ({ which, bad }) => {
  const names = namesOf(`C1-${which.replaceAll(' ', '-')}`, 16);
  const badNames = names.filter((_, index) => bad.includes(index));
  const misbehaviours = await Promise.all(
    badNames.map((name) => misbehave(stage.stores.databaseUrl, name, raise('23514'))),
  );
  const results = await stage.placeTogether(names);
  for (const misbehaviour of misbehaviours) await misbehaviour.stop();
  expect(wordsOf(results)).toEqual(
    names.map((name) => (badNames.includes(name) ? 'INTERNAL DATABASE_REFUSED' : 'OK executed')),
  );
  expect(await countsOfAll(names)).toEqual(names.map((name) => (badNames.includes(name) ? NO_ORDER : ONE_ORDER)));
  // The keys of the refused ones are free.
  const again = await Promise.all(names.map((name) => place(stage.neighbour.client, name)));
  expect(wordsOf(again)).toEqual(names.map((name) => (badNames.includes(name) ? 'OK executed' : 'OK replayed')));
});

// C2: ponder-sh/ponder#1918, flanksource/config-db#893. A key stood twice in one statement, which PostgreSQL refuses as a whole.
test('C2 one key twice at the same time is two groups: an attempt that was given up, and the one after it, place one order', async () => {
  await using hasty = await openGroupStage({ IDEMPOTENCY_HANDLER_LIMIT_MS: '2000' });
  const { service, gate, stores } = hasty;
  const names = namesOf('C2', 4);
  gate.close();
  const givenUp = await place(service.client, 'C2-twice');
  expect(inWords(givenUp)).toBe('UNAVAILABLE OUTCOME_UNKNOWN, may retry');
  // It comes to its commit when the lease of the first attempt is over; that one is still there.
  const retry = place(service.client, 'C2-twice');
  await gate.arrived(2);
  const others = names.map((name) => place(service.client, name));
  await gate.arrived(2 + names.length);
  gate.open();
  expect(wordsOf(await Promise.all(others))).toEqual(names.map(() => 'OK executed'));
  expect(inWords(await retry)).toMatch(/^OK (executed|replayed)$/);
  expect(await countsOf(stores.databaseUrl, 'C2-twice')).toEqual(ONE_ORDER);
});

// C3: SectorLabs/django-postgres-extra#63, django/django#16953. Of rows that were there already nothing came back, and the answers of the
// others were given to the wrong ones.
test('C3 keys that were spent elsewhere meanwhile get the answers from there, in a group with new ones', async () => {
  const names = namesOf('C3', 12);
  const spentNames = names.filter((_, index) => index % 3 === 0);
  stage.gate.close();
  const calls = names.map((name) => place(stage.service.client, name));
  await stage.gate.arrived(names.length);
  // Redis forgets their claims, and the neighbour is faster.
  await stage.stores.redisClient.flushall();
  const spent = await Promise.all(spentNames.map((name) => place(stage.neighbour.client, name)));
  stage.gate.open();
  const results = await Promise.all(calls);
  expect(wordsOf(spent)).toEqual(spent.map(() => 'OK executed'));
  expect(wordsOf(results)).toEqual(names.map((name) => (spentNames.includes(name) ? 'OK replayed' : 'OK executed')));
  const replayed = results.filter((_, index) => index % 3 === 0);
  expect(replayed.map(({ response }) => response)).toEqual(spent.map(({ response }) => response));
  expect(await countsOfAll(names)).toEqual(names.map(() => ONE_ORDER));
});
