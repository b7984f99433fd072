import { expect, test } from '@jest/globals';
import { decodeClaim, ReplyError } from '../../../src/idempotency/redis/decode-reply.ts';
import { RedisUnavailableError } from '../../../src/idempotency/redis/redis-link.ts';
import { ScriptBatches } from '../../../src/idempotency/redis/script-batches.ts';
import type { ScriptCall, ScriptClient } from '../../../src/idempotency/redis/script-client.ts';
import type { ScriptName } from '../../../src/idempotency/redis/scripts.ts';

/** The id of the record that a call is about. */
const idOf = ({ args: [id] }: ScriptCall) => Buffer.from(String(id));
const done = (call: ScriptCall): unknown => [idOf(call), Buffer.from('DONE')];

/** A Redis that answers as it is told. */
function stage(answer: (calls: readonly ScriptCall[]) => readonly unknown[] = (calls) => calls.map(done)) {
  const commands: (readonly [script: ScriptName, ids: readonly string[]])[] = [];
  const run: ScriptClient['run'] = async (script, calls) => {
    commands.push([script, calls.map((call) => String(idOf(call)))]);
    return answer(calls);
  };
  const client = { run } as ScriptClient;
  const batches = new ScriptBatches({
    run: (command) =>
      command(client).catch((cause: unknown) => {
        throw new RedisUnavailableError('Redis gave no usable answer.', { mayHaveRun: true, cause });
      }),
  });
  const ask = (script: ScriptName, id: string, bytes = Buffer.alloc(0)) =>
    batches.run(script, { key: `record:{${id}}`, args: [id, bytes] }, (reply) => [id, decodeClaim(reply, id)]);
  return { commands, ask };
}

const idsFrom = (from: number, count: number) => Array.from({ length: count }, (_, index) => `r${from + index}`);
const causeOf = (error: unknown) => (error instanceof RedisUnavailableError ? error.cause : error);

test('what is asked of a script in one turn is one command, and everybody gets the reply about his record', async () => {
  const { commands, ask } = stage();
  const ids = idsFrom(0, 5);
  const replies = await Promise.all(ids.map((id) => ask('renew', id)));
  expect(replies).toEqual(ids.map((id) => [id, 'done']));
  expect(commands).toEqual([['renew', ids]]);
  await ask('renew', 'later');
  expect(commands).toHaveLength(2);
});

test('scripts are not mixed', async () => {
  const { commands, ask } = stage();
  await Promise.all([ask('renew', 'a'), ask('release', 'b'), ask('renew', 'c')]);
  expect(commands).toEqual([
    ['renew', ['a', 'c']],
    ['release', ['b']],
  ]);
});

test('a command has at most 64 calls, and ends with the one whose bytes exceed 256 KiB', async () => {
  const { commands, ask } = stage();
  await Promise.all(idsFrom(0, 130).map((id) => ask('renew', id)));
  expect(commands.map(([, ids]) => ids.length)).toEqual([64, 64, 2]);
  const answer = Buffer.alloc(100 * 1_024);
  await Promise.all(idsFrom(0, 7).map((id) => ask('complete', id, answer)));
  expect(commands.slice(3).map(([, ids]) => ids.length)).toEqual([3, 3, 1]);
});

test('replies that have moved by one answer nobody', async () => {
  let before: unknown = [Buffer.from('stranger'), Buffer.from('DONE')];
  const { ask } = stage((calls) =>
    calls.map((call) => {
      const reply = before;
      before = done(call);
      return reply;
    }),
  );
  const results = await Promise.allSettled(idsFrom(0, 5).map((id) => ask('renew', id)));
  for (const result of results) {
    expect(result.status).toBe('rejected');
    expect(causeOf(result.status === 'rejected' ? result.reason : undefined)).toBeInstanceOf(ReplyError);
  }
});

test('a command that fails fails all its calls, and no other', async () => {
  let isBroken = true;
  const { ask } = stage((calls) => {
    if (isBroken) {
      throw new Error('OOM command not allowed');
    }
    return calls.map(done);
  });
  const failed = await Promise.allSettled(idsFrom(0, 3).map((id) => ask('renew', id)));
  expect(failed.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
  isBroken = false;
  expect(await ask('renew', 'r0')).toEqual(['r0', 'done']);
});

test('where names are spread over several servers, each record goes by itself from then on', async () => {
  const { commands, ask } = stage((calls) => {
    if (calls.length > 1) {
      throw new Error("CROSSSLOT Keys in request don't hash to the same slot");
    }
    return calls.map(done);
  });
  const ids = idsFrom(0, 3);
  const failed = await Promise.allSettled(ids.map((id) => ask('renew', id)));
  expect(failed.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
  expect(await Promise.all(ids.map((id) => ask('renew', id)))).toEqual(ids.map((id) => [id, 'done']));
  expect(commands.map(([, asked]) => asked.length)).toEqual([3, 1, 1, 1]);
});
