import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect } from '@jest/globals';
import { OrderServiceService } from '../../../src/generated/orders/v1/order_service.ts';
import type { PausePoint } from '../../../src/idempotency/index.ts';
import { createOrder, orderRequest } from '../../support/order-requests.ts';
import { type ServiceProcess, startServiceProcess } from '../../support/service-process.ts';
import { storiesAtOnce } from '../../support/stories-at-once.ts';
import { type CallResult, metadataValue, status, unaryCall } from '../../support/unary-call.ts';
import { namesOf, nameToBe } from './record-names.ts';
import { type OpenStores, openStores } from './stores.ts';

/** A claim is renewed as long as its owner lives: its last lease may have begun at the moment of the death. */
const LEASE_MS = 5_000;
/** For a busy machine, on which the calls of six points come at once. */
const MARGIN_MS = 4_000;
/** For calls whose time does not matter. */
const PATIENCE_MS = 60_000;
const UNKNOWN_ORDER = randomUUID();

let stores: OpenStores;
let survivor: ServiceProcess;

beforeAll(async () => {
  stores = await openStores();
  survivor = await startServiceProcess(stores);
}, 60_000);

afterAll(async () => {
  await survivor.kill();
  await stores.close();
}, 60_000);

/** What becomes of a retry. */
type Ending = 'OK executed' | 'OK replayed' | 'NOT_FOUND replayed' | 'FAILED_PRECONDITION';

interface State {
  readonly method: 'create' | 'createWithoutKey' | 'cancel';
  /** Brings the record of a key into the state. */
  readonly prepare: (key: string) => Promise<void>;
  /** The points that a call in this state comes to. */
  readonly reached: readonly PausePoint[];
  /** Of a retry after a death before the commit, and behind it. */
  readonly before: Ending;
  readonly behind: Ending;
  /** How many orders there are in the end. */
  readonly orders: number;
}

const beginning = ['before_begin', 'after_begin'] as const;
const whole = [...beginning, 'before_commit', 'after_commit', 'before_settle', 'before_answer'] as const;
const behindCommit: readonly PausePoint[] = ['after_commit', 'before_settle', 'before_answer'];

function call(at: ServiceProcess, method: State['method'], key: string, deadlineMs: number): Promise<CallResult> {
  switch (method) {
    case 'create':
      return createOrder(at.client, orderRequest({ customerId: key }), { key, deadlineMs });
    case 'createWithoutKey':
      return createOrder(at.client, orderRequest({ customerId: key }), { deadlineMs });
    case 'cancel': {
      const request = { orderId: UNKNOWN_ORDER, reason: '' };
      return unaryCall(at.client, OrderServiceService.cancelOrder, request, { key, deadlineMs });
    }
  }
}

async function callBefore(method: State['method'], key: string): Promise<void> {
  const { code } = await call(survivor, method, key, PATIENCE_MS);
  expect([key, status[code]]).toEqual([key, method === 'cancel' ? 'NOT_FOUND' : 'OK']);
}

async function forgetInRedis(key: string): Promise<void> {
  const path = OrderServiceService.cancelOrder.path;
  const names = [...(await namesOf(stores.redisClient, key)), ...(await namesOf(stores.redisClient, key, path))];
  if (names.length > 0) await stores.redisClient.del(...names);
}

/** Lets the ledger entry of a key be older than its time to live, and Redis know nothing of it. */
async function expire(key: string): Promise<void> {
  const shift = `created_at = created_at - interval '25 hours', expires_at = expires_at - interval '25 hours'`;
  await stores.audit.run(`update idempotency_keys set ${shift} where key = $1`, [key]);
  await forgetInRedis(key);
}

/** The key that was derived for a customer's order. */
async function derivedKeyOf(customerId: string): Promise<string> {
  const [row] = await stores.audit.run(
    'select key from idempotency_keys join orders on record_id = id where customer_id = $1',
    [customerId],
  );
  return String(row?.['key']);
}

/** The name under which the record of a key will stand: that of another one tells the life of the database. */
async function nameFor(key: string): Promise<string> {
  await callBefore('create', `guide-of-${key}`);
  return await nameToBe(stores.redisClient, key, `guide-of-${key}`);
}

/** A claim of somebody who died. */
async function claimOfTheDead(key: string, leaseLeftMs: number): Promise<void> {
  const name = await nameFor(key);
  await callBefore('create', key);
  const { fingerprint, fingerprint_version } = await stores.redisClient.hgetall(name);
  await stores.audit.run('delete from orders where customer_id = $1', [key]);
  await stores.audit.run('delete from idempotency_keys where key = $1', [key]);
  await stores.redisClient.del(name);
  const claim = { state: 'PENDING', fingerprint, fingerprint_version, owner: 'somebody who died' };
  await stores.redisClient.hset(name, { ...claim, lease_ends_ms: String(Date.now() + leaseLeftMs) });
  await stores.redisClient.pexpire(name, leaseLeftMs + 30_000);
}

const states: Readonly<Record<string, State>> = {
  'is not there': {
    method: 'create',
    prepare: async () => {},
    reached: whole,
    before: 'OK executed',
    behind: 'OK replayed',
    orders: 1,
  },
  'is PENDING, its lease over': {
    method: 'create',
    prepare: (key) => claimOfTheDead(key, -1),
    reached: whole,
    before: 'OK executed',
    behind: 'OK replayed',
    orders: 1,
  },
  'is PENDING, its lease running': {
    method: 'create',
    prepare: (key) => claimOfTheDead(key, LEASE_MS),
    reached: beginning,
    before: 'OK executed',
    behind: 'OK executed',
    orders: 1,
  },
  'is COMPLETED': {
    method: 'create',
    prepare: (key) => callBefore('create', key),
    reached: beginning,
    before: 'OK replayed',
    behind: 'OK replayed',
    orders: 1,
  },
  'is FAILED': {
    method: 'cancel',
    prepare: (key) => callBefore('cancel', key),
    reached: beginning,
    before: 'NOT_FOUND replayed',
    behind: 'NOT_FOUND replayed',
    orders: 0,
  },
  'is COMPLETED in the ledger only': {
    method: 'create',
    prepare: async (key) => {
      await callBefore('create', key);
      await forgetInRedis(key);
    },
    reached: whole,
    before: 'OK replayed',
    behind: 'OK replayed',
    orders: 1,
  },
  'is FAILED in the ledger only': {
    method: 'cancel',
    prepare: async (key) => {
      await callBefore('cancel', key);
      await forgetInRedis(key);
    },
    reached: whole,
    before: 'NOT_FOUND replayed',
    behind: 'NOT_FOUND replayed',
    orders: 0,
  },
  'is EXPIRED': {
    method: 'create',
    prepare: async (key) => {
      await callBefore('create', key);
      await expire(key);
    },
    reached: whole.filter((point) => point !== 'before_settle'),
    before: 'FAILED_PRECONDITION',
    behind: 'FAILED_PRECONDITION',
    orders: 1,
  },
  // A derived key that has expired is new: the same basket may be bought again.
  'is EXPIRED, and its key was derived': {
    method: 'createWithoutKey',
    prepare: async (key) => {
      await callBefore('createWithoutKey', key);
      await expire(await derivedKeyOf(key));
    },
    reached: whole,
    before: 'OK executed',
    behind: 'OK replayed',
    orders: 2,
  },
  'has a foreign value in its place': {
    method: 'create',
    prepare: async (key) => void (await stores.redisClient.set(await nameFor(key), 'foreign')),
    reached: whole,
    before: 'OK executed',
    behind: 'OK replayed',
    orders: 1,
  },
};

const named = Object.entries(states).map(([name, state], index) => ({ name, index, ...state }));

function endingOf(result: CallResult): string {
  const replay = metadataValue(result, 'idempotency-status');
  return [status[result.code], replay].filter((word) => word !== undefined).join(' ');
}

// One process a point dies with all calls in it, so that each row of the table costs no process of its own.
async function killedWithACallInEachState(point: PausePoint): Promise<void> {
  const rows = named
    .filter(({ reached }) => reached.includes(point))
    .map((row) => ({ ...row, key: `${point}-${row.index}` }));
  await using victim = await startServiceProcess({ ...stores, pauseAt: point, pauseEach: true });
  for (const { key, prepare } of rows) await prepare(key);
  const calls = rows.map(({ method, key }) => call(victim, method, key, PATIENCE_MS));
  await victim.paused(rows.length);
  await victim.kill();
  const firsts = await Promise.all(calls);

  const retries = await Promise.all(rows.map(({ method, key }) => call(survivor, method, key, LEASE_MS + MARGIN_MS)));
  const isBehind = behindCommit.includes(point);
  const expected = rows.map(({ name, before, behind }) => [name, isBehind ? behind : before]);
  expect(rows.map(({ name }, index) => [name, retries[index] && endingOf(retries[index])])).toEqual(expected);

  for (const [index, { key, method, orders }] of rows.entries()) {
    expect(await stores.audit.effectsOf(key)).toMatchObject({ orders });
    const again = await call(survivor, method, key, LEASE_MS);
    expect([key, again.code, again.response]).toEqual([key, retries[index]?.code, retries[index]?.response]);
    const first = firsts[index];
    if (again.code === status.OK) {
      const ledgerKey = method === 'createWithoutKey' ? await derivedKeyOf(key) : key;
      expect([key, again.response]).toEqual([key, await stores.audit.ledgerAnswerOf(ledgerKey)]);
    }
    // Who was answered before the death got the same.
    if (first?.code === status.OK) expect([key, first.response]).toEqual([key, again.response]);
  }
}

async function killedWithoutRedis(point: PausePoint): Promise<void> {
  const { databaseUrl } = stores;
  const key = `without-redis-${point}`;
  await using victim = await startServiceProcess({ databaseUrl, pauseAt: point });
  const first = call(victim, 'create', key, PATIENCE_MS);
  await victim.paused();
  await victim.kill();
  await first;
  const retry = await call(survivor, 'create', key, LEASE_MS);
  expect(endingOf(retry)).toBe(behindCommit.includes(point) ? 'OK replayed' : 'OK executed');
  expect(await stores.audit.effectsOf(key)).toMatchObject({ orders: 1, entries: 1 });
}

// Six at once: most of the time goes by in waiting for leases.
const points: readonly (readonly PausePoint[])[] = [
  ['before_begin', 'after_begin', 'before_commit'],
  ['after_commit', 'before_settle', 'before_answer'],
];
for (const some of points) {
  describe(some.join(', '), () => {
    storiesAtOnce(
      {
        ...storiesOf(
          some,
          (point) =>
            `P6 a process is killed at ${point} with a call in each state of the record: every key is usable again within one lease, with one effect`,
          killedWithACallInEachState,
        ),
        ...storiesOf(
          some,
          (point) =>
            `P6 a process without Redis is killed at ${point}: the same key is usable again at once, with one effect`,
          killedWithoutRedis,
        ),
      },
      120_000,
    );
  });
}

function storiesOf(
  some: readonly PausePoint[],
  nameOf: (point: PausePoint) => string,
  story: (point: PausePoint) => Promise<void>,
): Record<string, () => Promise<void>> {
  return Object.fromEntries(some.map((point) => [nameOf(point), () => story(point)]));
}
