import { expect, test } from '@jest/globals';
import { LocalRuns } from '../../../src/idempotency/local-run.ts';
import { recordOf } from './record-of.ts';

const claimOf = (key: string) => ({
  record: recordOf('request', { key: { value: key, source: 'client' } }),
  owner: 'me',
  epoch: 'e',
});
const outcome = { kind: 'outcome', outcome: { kind: 'completed', response: Buffer.from('answer') } } as const;

test('a run is found by its record until it is settled', async () => {
  const runs = new LocalRuns();
  const claim = claimOf('a');
  const run = runs.open(claim);
  expect(runs.find(claim.record.id)).toBe(run);
  expect(runs.find(claimOf('b').record.id)).toBeUndefined();
  run.settle(outcome);
  expect(runs.find(claim.record.id)).toBeUndefined();
  expect(runs.size).toBe(0);
  expect(await run.settled).toEqual(outcome);
});

test('the first settlement counts', async () => {
  const run = new LocalRuns().open(claimOf('a'));
  run.settle({ kind: 'released' });
  run.settle(outcome);
  expect(await run.settled).toEqual({ kind: 'released' });
});

test('a late settlement does not close the run of a successor', () => {
  const runs = new LocalRuns();
  const claim = claimOf('a');
  const first = runs.open(claim);
  first.settle({ kind: 'released' });
  const second = runs.open(claim);
  first.settle(outcome);
  expect(runs.find(claim.record.id)).toBe(second);
});

test('it is decided whether the handler runs when it begins to, or when the run ends without it', async () => {
  const runs = new LocalRuns();
  const executing = runs.open(claimOf('a'));
  executing.execute(() => {});
  await executing.decided;
  expect(executing.executing).toBe(true);
  const replaying = runs.open(claimOf('b'));
  replaying.settle(outcome);
  await replaying.decided;
  expect(replaying.executing).toBe(false);
});
