import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type Exchange, holdConversation, idempotencyStatusIn, orderIdsIn } from './conversation.ts';
import { README_ADDRESS, readmeCalls, readReadme } from './readme-calls.ts';
import { type Served, startServing } from './served.ts';
import { runInShell } from './shell.ts';

const calls = readmeCalls(readReadme());
const isRefused = ({ expectedLines }: (typeof calls)[number]) => expectedLines.some((line) => /^ *"code": /.test(line));

let served: Served;
let exchanges: readonly Exchange[];

beforeAll(async () => {
  served = await startServing();
  exchanges = await holdConversation(calls, served.address);
}, 180_000);

afterAll(async () => await served[Symbol.asyncDispose](), 60_000);

function exchangeOf(call: (typeof calls)[number]): Exchange {
  const exchange = exchanges[calls.indexOf(call)];
  if (exchange === undefined) {
    throw new Error(`the call of line ${call.line} was not made`);
  }
  return exchange;
}

test('the README shows create, repeat, another order under the key, no key, get, list, cancel, watch and look', () => {
  expect(calls.map(({ buf: { method, headers } }) => [method, ...headers])).toEqual([
    ['orders.v1.OrderService/CreateOrder', 'idempotency-key: order-1'],
    ['orders.v1.OrderService/CreateOrder', 'idempotency-key: order-1'],
    ['orders.v1.OrderService/CreateOrder', 'idempotency-key: order-1'],
    ['orders.v1.OrderService/CreateOrder'],
    ['orders.v1.OrderService/GetOrder'],
    ['orders.v1.OrderService/ListOrders'],
    ['orders.v1.OrderService/CreateOrder', 'idempotency-key: order-2'],
    ['orders.v1.OrderService/CancelOrder', 'idempotency-key: cancel-2'],
    ['orders.v1.OrderService/WatchOrder'],
    ['idempotency.v1.IdempotencyService/GetRecord'],
  ]);
});

test.each(calls)('the call in line $line of the README prints what the README shows', (call) => {
  const { result, missingLines } = exchangeOf(call);
  // With the whole output, so that a failure can be read.
  expect({ missingLines, output: result.output }).toEqual({ missingLines: [], output: result.output });
  expect(result.isSuccess).toBe(!isRefused(call));
});

// grpcurl is in no package registry that we install from: where it is missing, the commands alone are compared.
test.each(calls)('the grpcurl command for line $line makes the same call, and gets the same answer', (call) => {
  const { command: _, ...twin } = call.grpcurl;
  expect(twin).toEqual({ ...call.buf, command: undefined });
  expect(twin.address).toBe(README_ADDRESS);
  expect(exchangeOf(call).twinDifferences).toEqual([]);
});

test('the derived key is the same whenever the call is made, and the second time the answer is a replay', async () => {
  const derived = calls.find(({ buf: { method, headers } }) => method.endsWith('/CreateOrder') && headers.length === 0);
  if (derived === undefined) {
    throw new Error('the README has no call without a key');
  }
  const first = exchangeOf(derived).result;
  const again = await runInShell(derived.buf.command.replaceAll(README_ADDRESS, served.address));
  const keyIn = (output: string) => /< \(#2\) Idempotency-Key: (sha256-[0-9a-f]{64})$/m.exec(output)?.[1];
  expect(keyIn(first.output)).toBeDefined();
  expect(keyIn(again.output)).toBe(keyIn(first.output));
  expect(orderIdsIn(again)).toEqual(orderIdsIn(first));
  expect(idempotencyStatusIn(again)).toBe('replayed');
}, 60_000);
