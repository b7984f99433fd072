import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from '@grpc/grpc-js';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { startTcpProxy, type TcpProxy } from '../../support/tcp-proxy.ts';
import { createClient, status } from '../../support/unary-call.ts';
import { callStream, type StreamingServer, startStreamingServer } from './streaming-server.ts';

let server: StreamingServer;
let client: Client;

beforeAll(async () => {
  server = await startStreamingServer();
  client = createClient(server.port);
});

afterAll(() => {
  client.close();
  server.cut();
});

/** Resolves when a count has begun and then stood still for a while: that nothing happens is told by no event. */
async function restOf(value: () => number): Promise<number> {
  for (let [last, still] = [-1, 0]; ; ) {
    const now = value();
    still = now > 0 && now === last ? still + 1 : 0;
    if (still === 20) return now;
    last = now;
    await sleep(10);
  }
}

const bytesOf = (index: number) => Buffer.alloc(65_536, index % 256);

test('P10 a client that does not read: no further message is asked for until it does, and then it is told all in order', async () => {
  const count = 400;
  let pulled = 0;
  server.messages = async function* () {
    for (; pulled < count; pulled += 1) yield bytesOf(pulled);
  };
  const call = callStream(client);
  call.pause();
  const early = await restOf(() => pulled);
  // What lies in the windows and buffers of both sides, and no more.
  expect(early).toBeLessThan(count / 4);
  call.resume();
  expect((await call.ended).code).toBe(status.OK);
  expect(call.received).toHaveLength(count);
  expect(call.received.every((message, index) => message.equals(bytesOf(index)))).toBe(true);
});

/** Where nothing holds it back, a generator stops here: the test is to fail, and not the machine. */
const PULLED_MAX = 1_000;

interface Endless {
  /** Resolves when the generator has been ended, with whether its signal was aborted by then. */
  readonly ended: Promise<boolean>;
  /** How many messages were asked for. */
  readonly pulled: () => number;
}

/** A first message, and then as many as are asked for, or none, until the call ends. */
function endless(kind: 'talking' | 'silent', error?: Error): Endless {
  const ended = Promise.withResolvers<boolean>();
  let pulled = 0;
  server.messages = async function* (signal) {
    const aborted = new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
    try {
      do {
        pulled += 1;
        yield bytesOf(0);
        if (error !== undefined) throw error;
      } while (kind === 'talking' && pulled < PULLED_MAX);
      await aborted;
    } finally {
      ended.resolve(signal.aborted);
    }
  };
  return { ended: ended.promise, pulled: () => pulled };
}

test.each([
  ['is cancelled', undefined, status.CANCELLED],
  ['is over time', 300, status.DEADLINE_EXCEEDED],
])('a generator that waits for news is ended when its call %s', async (_how, deadlineMs, code) => {
  const messages = endless('silent');
  const call = callStream(client, deadlineMs === undefined ? {} : { deadlineMs });
  await call.begun;
  if (deadlineMs === undefined) call.cancel();
  expect((await call.ended).code).toBe(code);
  expect(await messages.ended).toBe(true);
});

test.each([
  ['is cancelled', undefined],
  ['is over time', 700],
])('a generator whose reader does not read is ended when its call %s', async (_how, deadlineMs) => {
  const messages = endless('talking');
  const call = callStream(client, deadlineMs === undefined ? {} : { deadlineMs });
  call.pause();
  await restOf(messages.pulled);
  if (deadlineMs === undefined) call.cancel();
  expect(await messages.ended).toBe(true);
  const pulled = messages.pulled();
  expect(pulled).toBeLessThan(PULLED_MAX);
  expect(await restOf(messages.pulled)).toBe(pulled);
});

test.each(['silent', 'talking'] as const)(
  'a generator that is %s is ended when the connection is lost',
  async (kind) => {
    const proxy: TcpProxy = await startTcpProxy(server.port);
    const distant = createClient(proxy.port);
    const messages = endless(kind);
    const call = callStream(distant);
    await call.begun;
    call.pause();
    await proxy.stop();
    expect(await messages.ended).toBe(true);
    call.resume();
    expect((await call.ended).code).toBe(status.UNAVAILABLE);
    distant.close();
  },
);

test.each(['silent', 'talking'] as const)(
  'a generator that is %s is ended when the server ends all calls',
  async (kind) => {
    const own = await startStreamingServer();
    const guest = createClient(own.port);
    const messages = endless(kind);
    own.messages = server.messages;
    const call = callStream(guest);
    await call.begun;
    call.pause();
    own.cut();
    expect(await messages.ended).toBe(true);
    call.cancel();
    guest.close();
  },
);

test('an error before the first message is a status without headers', async () => {
  // biome-ignore lint/correctness/useYield: it comes to none
  server.messages = async function* () {
    throw new Error('no such order');
  };
  const call = callStream(client);
  expect(await call.ended).toEqual({ code: status.FAILED_PRECONDITION, details: 'no such order' });
  expect([call.hadHeaders(), call.received]).toEqual([false, []]);
});

test('an error behind a message ends the stream with its status, and the message is told before', async () => {
  const messages = endless('silent', new Error('it is gone'));
  const call = callStream(client);
  expect(await call.ended).toEqual({ code: status.FAILED_PRECONDITION, details: 'it is gone' });
  expect([call.hadHeaders(), call.received.length]).toEqual([true, 1]);
  await messages.ended;
});

test('a stream without a message ends well', async () => {
  server.messages = async function* () {};
  const call = callStream(client);
  expect((await call.ended).code).toBe(status.OK);
  expect(call.received).toEqual([]);
});
