import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Redis } from 'ioredis';
import type { RedisStore } from '../../../../src/idempotency/index.ts';
import { ownProcess, processText } from '../../../../src/idempotency/own-process.ts';
import { type ScriptName, scriptNames } from '../../../../src/idempotency/redis/scripts.ts';
import type { Claim } from '../../../../src/idempotency/store.ts';
import { startTestRedis, type TestRedis } from '../../../support/redis.ts';
import { until } from '../stage/until.ts';
import { readScriptContract } from './contract.ts';
import { nameOf, newRecord, openStore } from './store-bench.ts';

const traceParent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

const outcomes = {
  completed: { kind: 'completed', response: Buffer.from('answer'), traceParent },
  failed: { kind: 'failed', code: 5, message: 'gone', details: Buffer.from('why'), traceParent },
} as const;

const calls: Record<ScriptName, (store: RedisStore, claim: Claim) => Promise<unknown>> = {
  begin: (store, claim) => store.begin(claim),
  renew: (store, claim) => store.renew(claim),
  complete: (store, claim) => store.settle(claim, outcomes.completed, 50_000),
  fail: (store, claim) => store.settle(claim, outcomes.failed, 50_000),
  release: (store, claim) => store.release(claim),
  look: (store, { record }) => store.look(record.id, record.policy.leaseMs),
};

/** What the store must send under each name of the headers. */
function expectedValues({ record, owner }: Claim, script: ScriptName): Record<string, string> {
  return {
    id: record.id,
    fingerprint: record.fingerprint.hash,
    'fingerprint version': '1',
    owner,
    lease: '5000',
    'time to live': script === 'begin' ? '60000' : '50000',
    'stored form': '1',
    channel: 'test:wake',
    kept: 'here',
    response: 'answer',
    code: '5',
    text: 'gone',
    details: 'why',
    process: processText(ownProcess()),
    trace: traceParent,
  };
}

let redis: TestRedis;
let store: RedisStore;
let monitor: Redis;
const commands: string[][] = [];

beforeAll(async () => {
  redis = await startTestRedis();
  // Before there is anything to hear: ioredis loses its way if a command is told of together with the consent to listen.
  const client = new Redis(redis.url);
  monitor = await client.monitor();
  client.disconnect();
  store = openStore(redis.url);
  monitor.on('monitor', (_time: string, command: string[]) => void commands.push(command));
  await until('the connection', async () => (await store.begin(store.newClaim(newRecord()))).kind === 'acquired');
});

afterAll(async () => {
  monitor.disconnect();
  store.close();
  await redis.stop();
});

test.each(scriptNames)('what is sent to %s is what its header asks for, in that order', async (script) => {
  const claim = store.newClaim(newRecord());
  const name = nameOf(claim.record);
  await calls[script](store, claim);
  // EVALSHA sha 1 key …, and perhaps EVAL with the same arguments after it; never what the script itself calls.
  const isCall = (command: readonly string[]) => /^eval(sha)?$/i.test(command[0] ?? '') && command[3] === name;
  await until('the command in the monitor', () => commands.some(isCall));
  const [, , keyCount, , ...sent] = commands.find(isCall) ?? [];
  const expected = expectedValues(claim, script);
  expect(keyCount).toBe('1');
  expect(sent).toEqual(readScriptContract(script).argumentNames.map((argument) => expected[argument]));
});
