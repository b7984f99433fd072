import { expect, test } from '@jest/globals';
import type { FaultEvent, History } from '../../torture/history.ts';
import { judge } from '../../torture/judge/judge.ts';
import { violationKinds } from '../../torture/judge/violation.ts';
import { renderReport } from '../../torture/report.ts';
import { failed, flush, historyOf, insteadOf, placedBy, sound, soundWith, tea } from './history-of.ts';

function linesOf(history: History): readonly string[] {
  return renderReport(history, judge(history)).split('\n');
}

function faultAt(startMs: number, endMs: number, what = 'FLUSHALL'): FaultEvent {
  return { kind: 'fault', fault: 'redis-flushed', what, startMs, endMs };
}

/** What is told beneath the line that names a violation, up to the verdict. */
function storyIn(history: History, named: string): readonly string[] {
  const lines = linesOf(history);
  const from = lines.indexOf(named);
  expect(from).toBeGreaterThan(0);
  return lines.slice(from + 1, -1);
}

const doubled = { ...tea.createdAgain, hash: 'another' };
const named = '  create tea: there were 2 answers: answer to create tea, another';

test('the last line is the verdict, with the seed and what the run was', () => {
  expect(linesOf(sound).at(-1)).toBe('seed tea, 90 s, 3 servers, 32 clients: 1 faults, 10 calls, 2 orders: PASSED');
});

test('the last line says how much is wrong', () => {
  expect(linesOf(insteadOf(tea.createdAgain, doubled)).at(-1)).toBe(
    'seed tea, 90 s, 3 servers, 32 clients: 1 faults, 10 calls, 2 orders: FAILED with 1 violations',
  );
});

test('every zero that matters is printed', () => {
  const report = linesOf(sound).join('\n');
  for (const title of Object.values(violationKinds)) {
    expect(report).toMatch(new RegExp(`│ ${title} +│ 0 +│`));
  }
});

test('what is wrong is counted', () => {
  const report = linesOf(insteadOf(tea.createdAgain, doubled)).join('\n');
  expect(report).toMatch(new RegExp(`│ ${violationKinds.answerDiffers} +│ 1 +│`));
  expect(report).toMatch(new RegExp(`│ ${violationKinds.orderDoubled} +│ 0 +│`));
});

test('faults are counted, with how long they lasted', () => {
  const report = linesOf(soundWith(faultAt(1_000, 3_500), { ...faultAt(0, 250), fault: 'clients-cut' })).join('\n');
  expect(report).toMatch(/│ clients-cut +│ 1 +│ 0\.3 +│\n│ redis-flushed +│ 2 +│ 2\.5 +│/);
});

test('calls are counted by how they ended, with how long they took', () => {
  const early = Array.from({ length: 99 }, () => failed('create tea', [0, 10], 'UNAVAILABLE', 'SHUTTING_DOWN'));
  const late = failed('create tea', [0, 99], 'UNAVAILABLE', 'SHUTTING_DOWN');
  const report = linesOf(soundWith(...early, late, failed('create tea', [0, 1], 'CANCELLED'))).join('\n');
  expect(report).toMatch(/│ UNAVAILABLE SHUTTING_DOWN +│ 100 +│ 10\.0 +│ 10\.0 +│ 99\.[01] +│/);
  expect(report).toMatch(/│ CANCELLED +│ 1 +│/);
  expect(report).toMatch(/│ OK executed +│ 3 +│/);
  expect(report).toMatch(/│ OK replayed +│ 3 +│/);
  expect(report).toMatch(/│ NOT_FOUND ORDER_NOT_FOUND +│ 2 +│/);
});

test('a violation is shown with its story: calls and faults as they came, and what was kept', () => {
  const history = insteadOf(tea.createdAgain, { ...doubled, endMs: 204.4 }, faultAt(99, 101, 'FLUSHALL early'));
  expect(storyIn(history, named)).toEqual([
    '    0.099 s    fault redis-flushed: FLUSHALL early, until 0.101 s',
    '    0.100 s client 0 at server-1: create tea, at 0.110 s OK executed answer to create tea order id-tea',
    '    0.200 s client 1 at server-2: create tea, at 0.204 s OK replayed another order id-tea',
    '    0.205 s    fault redis-flushed: FLUSHALL, until 0.206 s',
    '    0.300 s client 0 at server-1: create tea-changed, at 0.301 s INVALID_ARGUMENT IDEMPOTENCY_KEY_REUSED IDEMPOTENCY_KEY_REUSED was said',
    '  in the end: the ledger has COMPLETED answer to create tea',
    '  in the end: the order id-tea is CANCELLED, placed by tea',
  ]);
});

test('faults before and after it are no part of a story', () => {
  const story = storyIn(insteadOf(tea.createdAgain, doubled, faultAt(1, 99), faultAt(302, 900)), named).join('\n');
  expect(story.match(/fault/g)).toHaveLength(1);
});

test('many faults between its calls hide no call of a story', () => {
  const between = Array.from({ length: 100 }, (_, index) => faultAt(1_000 + index * 10, 1_005 + index * 10));
  const last = placedBy('tea', [9_000, 9_001], { isReplay: true, hash: 'another' });
  const retry = failed('create tea', [1_501, 1_504], 'UNAVAILABLE', 'DATABASE_BUSY');
  const meanwhile = faultAt(1_502, 1_503, 'FLUSHALL meanwhile');
  const story = storyIn(soundWith(...between, retry, meanwhile, last), named).join('\n');
  expect(story).toContain('at 0.110 s OK executed answer to create tea');
  expect(story).toContain('at 1.504 s UNAVAILABLE DATABASE_BUSY');
  expect(story).toContain('FLUSHALL meanwhile');
  expect(story).toContain('at 9.001 s OK replayed another');
  expect(story.split('\n').length).toBeLessThan(50);
});

test('a story of many calls shows its beginning and its end', () => {
  const retries = Array.from({ length: 100 }, (_, index) =>
    failed('create tea', [1_000 + index, 1_001 + index], 'UNAVAILABLE'),
  );
  const last = placedBy('tea', [9_000, 9_001], { isReplay: true, hash: 'another' });
  const story = storyIn(soundWith(...retries, last), named).join('\n');
  expect(story).toContain('at 0.110 s OK executed answer to create tea');
  expect(story).toContain('at 9.001 s OK replayed another');
  expect(story).toMatch(/and \d+ lines more/);
});

test('a request with orders under two keys is shown with the stories of both', () => {
  const other = placedBy('derived:tea', [7_000, 7_010], { request: 'tea', answeredRequest: 'tea' });
  const history = soundWith(
    other,
    { ...tea.order, record: other.record, orderId: 'id-derived:tea' },
    { ...tea.createEntry, record: other.record, hash: other.hash },
    placedBy('tea', [8_000, 8_010], { isReplay: true }),
  );
  const report = linesOf(history).join('\n');
  expect(report).toContain('at 7.010 s OK executed answer to create derived:tea');
  expect(report).toContain('at 8.010 s OK replayed answer to create tea');
});

test('of each kind three examples are shown', () => {
  const lost = ['mint', 'sage', 'rue', 'dill', 'lime'].map((key) => placedBy(key, [20, 30]));
  const lines = linesOf(soundWith(...lost));
  const shown = lines.filter((line) => line.endsWith(': was answered, but the ledger has no entry'));
  expect(shown.length).toBeGreaterThan(0);
  expect(lines.filter((line) => /^ {2}create \w+: /.test(line))).toHaveLength(3);
  expect(lines.at(-1)).toContain('FAILED with 10 violations');
});

test('what is left, and a run that proves nothing, have no story', () => {
  const leak = soundWith({ kind: 'left', what: 'waits for locks', count: 1, allowed: 0 });
  expect(storyIn(leak, '  waits for locks: 1 are left, 0 would be right')).toEqual([]);
  expect(storyIn(historyOf([flush]), '  the run: no order was placed')).toEqual([]);
});
