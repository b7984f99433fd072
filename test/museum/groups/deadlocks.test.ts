import { expect, test } from '@jest/globals';
import { countsOf, ONE_ORDER, place } from '../../integration/faults/named-orders.ts';
import { openStores } from '../../integration/orders/stores.ts';
import { startTestService } from '../../support/order-service.ts';
import { createGate } from '../../support/pause-gate.ts';
import { namesOf, wordsOf } from './group-stage.ts';

const ROUNDS = 10;
const KEYS = 30;

// C4: erikdarlingdata/PerformanceMonitor#1801, openobserve/openobserve#13487. Two batches wrote the same rows, each in its own order, and waited
// for each other until the database ended one.
test('C4 two servers that commit groups of the same keys in opposite orders never wait for each other', async () => {
  await using stack = new AsyncDisposableStack();
  const stores = stack.adopt(await openStores(), (opened) => opened.close());
  const gates = [createGate('before_commit'), createGate('before_commit')];
  // Without Redis both run every call.
  const services = await Promise.all(
    gates.map(async ({ pause }) => stack.use(await startTestService({ databaseUrl: stores.databaseUrl, pause }))),
  );
  for (let round = 0; round < ROUNDS; round += 1) {
    const names = namesOf(`C4-${round}`, KEYS);
    const orders = [names, [...names].reverse()];
    for (const gate of gates) gate.close();
    const calls = services.map(({ client }, index) => (orders[index] ?? []).map((name) => place(client, name)));
    await Promise.all(gates.map((gate) => gate.arrived(KEYS)));
    for (const gate of gates) gate.open();
    const [forwards = [], backwards = []] = await Promise.all(calls.map((each) => Promise.all(each)));
    backwards.reverse();
    expect(forwards.map(({ response }) => response)).toEqual(backwards.map(({ response }) => response));
    const words = names.map((_, index) =>
      wordsOf([forwards, backwards].flatMap((each) => each[index] ?? [])).toSorted(),
    );
    expect(words).toEqual(names.map(() => ['OK executed', 'OK replayed']));
    expect(await Promise.all(names.map((name) => countsOf(stores.databaseUrl, name)))).toEqual(
      names.map(() => ONE_ORDER),
    );
  }
  // Counted when the sessions report, which they do at their ends.
  await Promise.all(services.map((service) => service.stop()));
  const [statistics] = await stores.audit.run(
    'select deadlocks::int from pg_stat_database where datname = current_database()',
  );
  expect(statistics).toEqual({ deadlocks: 0 });
});
