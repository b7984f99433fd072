import { expect, test } from '@jest/globals';
import { check } from '../../../src/simulator/check.ts';
import type { Evidence } from '../../../src/simulator/evidence.ts';
import { renderReport } from '../../../src/simulator/report.ts';
import { Tally } from '../../../src/simulator/tally.ts';
import { violationKinds } from '../../../src/simulator/violation.ts';
import { soundEvidence, withCall } from './evidence-of.ts';

const options = {
  rate: 1,
  seconds: 1,
  duplicates: 0,
  cancels: 0,
  faults: 0,
  watches: 0,
  workers: 1,
  killWorkersEverySeconds: undefined,
  redisRestarts: 0,
  seed: 'tea',
  target: undefined,
};

function reportOf(evidence: Evidence, tally = new Tally()): string {
  return renderReport({ options, evidence, violations: check(evidence), tally, tookSeconds: 1 });
}

test('every zero that matters is printed', () => {
  const report = reportOf(soundEvidence());
  for (const title of Object.values(violationKinds)) {
    expect(report).toMatch(new RegExp(`│ ${title.toUpperCase()} +│ 0 +│`));
  }
});

test('a violation is counted, and the first few are named', () => {
  let evidence = soundEvidence();
  for (const { key } of evidence.calls) {
    evidence = withCall(evidence, key, { hashes: ['one', 'other'] });
  }
  const report = reportOf(evidence);
  expect(report).toMatch(/│ ANSWERS THAT DIFFER +│ 5 +│/);
  expect(report).toContain('order-1: there were 2 answers: one, other');
  expect(report).toContain('and 2 more');
});

test('effects that nobody could see are not said to be right', () => {
  expect(reportOf({ ...soundEvidence(), outside: undefined })).toMatch(/EFFECTS DOUBLED OR NOT UNDONE +│ not checked/);
});

test('refusals, retries and percentiles are told', () => {
  const tally = new Tally();
  for (let ms = 1; ms <= 100; ms += 1) tally.time('create', ms);
  tally.countRefusal('ORDER_NOT_CANCELLABLE');
  tally.countRetry('UNAVAILABLE');
  tally.countRetry('UNAVAILABLE');
  const report = reportOf(soundEvidence(), tally);
  expect(report).toMatch(/│ refusals +│ 1: 1 ORDER_NOT_CANCELLABLE/);
  expect(report).toMatch(/│ retries +│ 2: 2 UNAVAILABLE/);
  expect(report).toMatch(/│ create, executed +│ 50\.0 +│ 90\.0 +│ 99\.0 +│ 10[0-9]\.[0-9] +│/);
  expect(report).toMatch(/│ replay +│ - +│ - +│ - +│ - +│/);
});

test('it fits a terminal of 80 columns', () => {
  const tally = new Tally();
  for (const reason of [
    'ORDER_NOT_CANCELLABLE',
    'IDEMPOTENCY_KEY_REUSED',
    'IDEMPOTENCY_KEY_EXPIRED',
    'ORDER_NOT_FOUND',
  ]) {
    tally.countRefusal(reason);
  }
  const widths = reportOf(soundEvidence(), tally)
    .split('\n')
    .map((line) => line.length);
  expect(Math.max(...widths)).toBeLessThanOrEqual(80);
});
