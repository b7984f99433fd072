import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { scriptNames } from '../../../../src/idempotency/redis/scripts.ts';
import { startTestRedis, type TestRedis } from '../../../support/redis.ts';
import { beginRows } from './begin-rows.ts';
import { claimRows } from './claim-rows.ts';
import { readScriptContract } from './contract.ts';
import { lookRows } from './look-rows.ts';
import { decode, readable, ScriptBench, withoutStamps } from './script-bench.ts';
import type { ScriptRow } from './script-row.ts';
import { settleRows } from './settle-rows.ts';

const rows = [...beginRows, ...claimRows, ...settleRows, ...lookRows];

let redis: TestRedis;
let bench: ScriptBench;

beforeAll(async () => {
  redis = await startTestRedis();
  bench = new ScriptBench(redis.url, 'test:{record}');
});

afterAll(async () => {
  bench.close();
  await redis.stop();
});

describe.each(scriptNames)('the contract of %s', (script) => {
  const { outcomes } = readScriptContract(script);
  const ownRows = rows.filter((row) => row.script === script);

  test('every outcome that its header names is one of a row here, and no row has another', () => {
    expect([...new Set(ownRows.map(({ reply }) => reply[0]))].sort()).toEqual([...outcomes.keys()].sort());
  });

  test.each(ownRows)('$title', async (row) => {
    const before = await bench.prepare(row);
    const reply = await bench.run(row);
    expect(readable(reply)).toEqual(row.reply);
    expect(row.reply.slice(1)).toHaveLength(outcomes.get(String(row.reply[0]))?.length ?? Number.NaN);
    expect(decode(row, reply)).toEqual(row.decoded);
    await expectAfter(row, before);
  });
});

async function expectAfter({ after, stampsMs = {}, ttlMs: [least, most] = [0, 90_000] }: ScriptRow, before: unknown) {
  const clockMs = await bench.clockMs();
  const contents = await bench.contents();
  if (after === 'absent') {
    expect(contents).toBeUndefined();
    return;
  }
  if (after === 'untouched') {
    expect(contents).toEqual(before);
  } else if (after !== 'ending') {
    expect(withoutStamps(contents)).toEqual(after);
  }
  for (const [name, distanceMs] of Object.entries(stampsMs)) {
    // S12, L6: whole milliseconds, and of now.
    expect(contents?.[name]).toMatch(/^\d{13}$/);
    expect(Math.abs(Number(contents?.[name]) - clockMs - distanceMs)).toBeLessThan(1_000);
  }
  const ttlMs = await bench.ttlMs();
  // -2: over already, as a claim without a lease is at once. -1 would be for ever.
  expect(ttlMs === -2 ? 0 : ttlMs).toBeGreaterThanOrEqual(least);
  expect(ttlMs).toBeLessThanOrEqual(most);
}

test.each(['', 'soon'])('a time to live of %j leaves no key without an end (L5)', async (timeToLive) => {
  await bench.prepare({});
  const row = { script: 'begin', args: { 'time to live': timeToLive } } as const;
  await bench.run(row).catch(() => undefined);
  expect(await bench.ttlMs()).not.toBe(-1);
});
