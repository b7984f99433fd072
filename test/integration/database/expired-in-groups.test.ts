import { expect, test } from '@jest/globals';
import { OrderServiceService } from '../../../src/generated/orders/v1/order_service.ts';
import { namesOf, openGroupStage, wordsOf } from '../../museum/groups/group-stage.ts';
import { unaryCall } from '../../support/unary-call.ts';
import { orderOf } from '../faults/named-orders.ts';

const EACH = 4;

/** Keys of different ages that come to their commit together, and what becomes of each. */
const kinds = [
  {
    kind: 'own-expired',
    age: '25 hours',
    hasKey: true,
    words: 'FAILED_PRECONDITION IDEMPOTENCY_KEY_EXPIRED',
    orders: 1,
  },
  { kind: 'derived-expired', age: '25 hours', hasKey: false, words: 'OK executed', orders: 2 },
  { kind: 'own-forgotten', age: '9 days', hasKey: true, words: 'OK executed', orders: 2 },
  { kind: 'own-live', age: '0 hours', hasKey: true, words: 'OK replayed', orders: 1 },
];

test('P11 in one group each key has its own age: the expired is refused, the derived and the forgotten are new, the live is replayed', async () => {
  await using stage = await openGroupStage();
  const { stores, service, neighbour, gate } = stage;
  const members = kinds.flatMap((kind) => namesOf(kind.kind, EACH).map((name) => ({ ...kind, name })));
  // No kind stands beside its own.
  members.sort((one, other) => (one.name.slice(-1) < other.name.slice(-1) ? -1 : 1));
  const placeAll = ({ client }: typeof service) =>
    members.map(({ name, hasKey }) =>
      unaryCall(client, OrderServiceService.createOrder, orderOf(name), hasKey ? { key: name } : {}),
    );
  expect(wordsOf(await Promise.all(placeAll(neighbour)))).toEqual(members.map(() => 'OK executed'));
  for (const { name, age } of members) {
    await stores.audit.run(
      `update idempotency_keys set created_at = created_at - $2::interval, expires_at = expires_at - $2::interval
      where id in (select record_id from orders where customer_id = $1)`,
      [name, age],
    );
  }
  await stores.redisClient.flushall();
  gate.close();
  const results = Promise.all(placeAll(service));
  await gate.arrived(members.length);
  gate.open();
  expect(wordsOf(await results)).toEqual(members.map(({ words }) => words));
  const counts = await stores.audit.run('select customer_id, count(*)::int as orders from orders group by customer_id');
  expect(new Map(counts.map((row) => [row['customer_id'], row['orders']]))).toEqual(
    new Map(members.map(({ name, orders }) => [name, orders])),
  );
});
