import { type Client, Metadata, status } from '@grpc/grpc-js';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { type CallOptions, type CallResult, createClient, unaryCall } from '../../support/unary-call.ts';
import { DuplicatingProxy } from '../../torture/stage/duplicating-proxy.ts';
import { answered, type Handle, say, startTwoServers, type TwoServers } from './two-servers.ts';

let servers: TwoServers;
let client: Client;

beforeEach(async () => {
  servers = await startTwoServers();
  client = createClient(servers.port);
});

afterEach(async () => {
  client.close();
  await servers[Symbol.asyncDispose]();
});

function ask(question: string | Buffer, options: CallOptions = {}): Promise<CallResult> {
  return unaryCall(client, say, Buffer.from(question), options);
}

/** Keeps a call until it is let go. */
function held(handle: Handle): Handle & { letGo(): void } {
  const gate = Promise.withResolvers<void>();
  return Object.assign<Handle, { letGo(): void }>(
    (call, callback) => void gate.promise.then(() => handle(call, callback)),
    { letGo: () => gate.resolve() },
  );
}

const failing =
  (name: string): Handle =>
  (_call, callback) => {
    const metadata = new Metadata();
    metadata.set('grpc-status-details-bin', Buffer.from([8, 9, 0, 255, 44, 61]));
    metadata.set('ended-by', name);
    callback({ code: status.FAILED_PRECONDITION, details: `${name}: zu spät, 100 %`, metadata });
  };

test('a call reaches both servers, with all that it carries', async () => {
  const metadata = new Metadata();
  metadata.set('idempotency-key', 'tea');
  metadata.set('trace-bin', Buffer.from([0, 1, 254, 255]));
  const bytes = Buffer.from([0, 255, 10, 13, 0]);
  await ask(bytes, { metadata });
  for (const server of [servers.one, servers.other]) {
    await server.wasAsked(1);
    expect(server.asked).toHaveLength(1);
    const [call] = server.asked;
    expect(call?.request).toEqual(bytes);
    expect(call?.metadata.get('idempotency-key')).toEqual(['tea']);
    expect(call?.metadata.get('trace-bin')).toEqual([Buffer.from([0, 1, 254, 255])]);
  }
});

test('the deadline of the caller reaches both servers', async () => {
  await ask('tea?', { deadlineMs: 20_000 });
  for (const server of [servers.one, servers.other]) {
    await server.wasAsked(1);
    const deadline = Number(server.asked[0]?.getDeadline());
    expect(deadline).toBeGreaterThan(Date.now());
    expect(deadline).toBeLessThan(Date.now() + 21_000);
  }
});

test.each(['one', 'other'] as const)('the first answer comes back whole: that of %s', async (first) => {
  const slow = servers[first === 'one' ? 'other' : 'one'];
  const late = held(answered(slow.name));
  slow.handle = late;
  const { code, response, metadata } = await ask('tea?');
  expect({ code, response: response?.toString() }).toEqual({ code: status.OK, response: `${first} tea?` });
  expect(metadata.get('answered-by')).toEqual([first]);
  expect(metadata.get('head-bin')).toEqual([Buffer.from([0, 255, 10])]);
  expect(metadata.get('ended-by')).toEqual([first]);
  expect(metadata.get('tail-bin')).toEqual([Buffer.from([13, 0, 254])]);
  late.letGo();
});

test('a failure that is first is an answer like any other, with its details', async () => {
  servers.one.handle = failing('one');
  const late = held(answered('other'));
  servers.other.handle = late;
  const { code, message, response, metadata } = await ask('tea?');
  expect({ code, message, response }).toEqual({
    code: status.FAILED_PRECONDITION,
    message: 'one: zu spät, 100 %',
    response: undefined,
  });
  expect(metadata.get('grpc-status-details-bin')).toEqual([Buffer.from([8, 9, 0, 255, 44, 61])]);
  expect(metadata.get('ended-by')).toEqual(['one']);
  late.letGo();
});

test('an answer that is larger than a window of HTTP/2 comes back whole', async () => {
  const large = Buffer.alloc(1_000_000, 'tea');
  servers.other.handle = held(answered('other'));
  const { code, response } = await ask(large);
  expect(code).toBe(status.OK);
  expect(response?.equals(Buffer.concat([Buffer.from('one '), large]))).toBe(true);
});

test.each(['one', 'other'] as const)('with %s dead the answer of the other one comes back', async (dead) => {
  const alive = dead === 'one' ? 'other' : 'one';
  servers[dead].kill();
  const { code, response } = await ask('tea?');
  expect({ code, response: response?.toString() }).toEqual({ code: status.OK, response: `${alive} tea?` });
});

test('if one dies in mid call the answer of the other one comes back', async () => {
  servers.one.handle = () => {};
  const late = held(answered('other'));
  servers.other.handle = late;
  const asked = ask('tea?');
  await Promise.all([servers.one.wasAsked(1), servers.other.wasAsked(1)]);
  servers.one.kill();
  late.letGo();
  expect((await asked).response?.toString()).toBe('other tea?');
});

test('with both dead it is UNAVAILABLE', async () => {
  servers.one.kill();
  servers.other.kill();
  const { code, response } = await ask('tea?');
  expect({ code, response }).toEqual({ code: status.UNAVAILABLE, response: undefined });
});

test('if both die in mid call it is UNAVAILABLE', async () => {
  servers.one.handle = () => {};
  servers.other.handle = () => {};
  const asked = ask('tea?');
  await Promise.all([servers.one.wasAsked(1), servers.other.wasAsked(1)]);
  servers.one.kill();
  servers.other.kill();
  expect((await asked).code).toBe(status.UNAVAILABLE);
});

test('a caller that has gone does no harm, and its call still reaches both', async () => {
  const late = [held(answered('one')), held(answered('other'))] as const;
  [servers.one.handle, servers.other.handle] = late;
  const gone = new AbortController();
  const asked = ask('tea?', { signal: gone.signal });
  await Promise.all([servers.one.wasAsked(1), servers.other.wasAsked(1)]);
  gone.abort();
  // Answers and the news of the cancellation meet on their way.
  for (const each of late) {
    each.letGo();
  }
  expect((await asked).code).toBe(status.CANCELLED);
  servers.one.handle = answered('one');
  expect((await ask('and now?')).code).toBe(status.OK);
});

test('many calls at once are each answered by their own', async () => {
  const questions = Array.from({ length: 50 }, (_, index) => `tea ${index}?`);
  const answers = await Promise.all(questions.map((question) => ask(question)));
  expect(answers.map(({ response }) => response?.toString().replace(/^(one|other) /, ''))).toEqual(questions);
  await Promise.all([servers.one.wasAsked(50), servers.other.wasAsked(50)]);
  expect([servers.one.asked.length, servers.other.asked.length]).toEqual([50, 50]);
});

test('where a call goes is asked anew for each', async () => {
  const ways = [servers.one, servers.other, servers.one];
  await using proxy = await DuplicatingProxy.open(() => ways.splice(0, 1).map(({ port }) => port));
  const own = createClient(proxy.port);
  const heard: (string | undefined)[] = [];
  for (const question of ['1', '2', '3']) {
    heard.push((await unaryCall(own, say, Buffer.from(question))).response?.toString());
  }
  own.close();
  expect(heard).toEqual(['one 1', 'other 2', 'one 3']);
});
