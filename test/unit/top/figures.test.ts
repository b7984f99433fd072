import { expect, test } from '@jest/globals';
import { figuresOf } from '../../../src/top/figures.ts';
import { busy, changesTo, gone, idle, outcome, type Page, queued, type Round, seen } from './pages.ts';

type Rounds = readonly Round[];

const figures = (...rounds: Rounds) => figuresOf(seen(...rounds).views);
const executed = (...rounds: Rounds) =>
  figures(...rounds).outcomes.find(({ outcome }) => outcome === 'executed')?.aSecond;
const degradedNow = (...rounds: Rounds) => figures(...rounds).redis.degradedNow;
const placed = (count: number, uptime = 300): Page => ({
  ...idle,
  [outcome('executed')]: count,
  process_uptime: uptime,
});

test('a rate is the growth between the last two readings', () => {
  expect(executed([placed(10)])).toBeUndefined();
  expect(executed([placed(10)], [placed(10)])).toBe(0);
  expect(executed([placed(10)], [placed(30)], [placed(35)])).toBe(5);
});

test('a process that has begun anew gives no negative rates: it has counted from 0', () => {
  expect(executed([placed(1_000)], [placed(7)])).toBe(7);
  // It has overtaken what it had counted before.
  expect(executed([placed(10, 300)], [placed(25, 1)])).toBe(25);
});

test('after a gap a rate is that of the gap', () => {
  expect(executed([placed(10)], [gone], [placed(30)])).toBe(10);
  expect(executed([placed(10)], [gone])).toBeUndefined();
});

test('quantiles are those of the last ten seconds', () => {
  const slow = (count: number): Page => ({
    ...idle,
    'idempotency_wait_duration_bucket{le="1"}': 0,
    'idempotency_wait_duration_bucket{le="3"}': count,
    'idempotency_wait_duration_bucket{le="+Inf"}': count,
  });
  const quiet = Array.from({ length: 10 }, () => [slow(8)]);
  expect(figures([slow(0)], [slow(8)]).latencies.wait).toEqual({ p50: 2, p99: 2.98, aSecond: 8 });
  expect(figures([slow(0)], ...quiet).latencies.wait.p50).toBe(2);
  expect(figures([slow(0)], ...quiet, [slow(8)]).latencies.wait).toEqual({
    p50: undefined,
    p99: undefined,
    aSecond: 0,
  });
});

test('readings that are further apart than that have the one before', () => {
  const far = Array.from({ length: 12 }, () => [gone]);
  expect(figures([busy(1)], ...far, [busy(14)]).latencies.createOrder.aSecond).toBeCloseTo(1_500);
});

test('of several processes calls are added up, what the database knows is not, and one that is gone leaves the others', () => {
  const known = figures([idle, idle, idle], [busy(1), busy(1), gone]);
  expect(known.processes).toBe(2);
  expect(known.callsASecond).toBe(3_000);
  expect(known.work.open).toBe(34);
  expect(known.database.used).toBe(12);
  expect(known.process.memory).toBe(2 * 536_870_912);
  expect(known.queue.running).toBe(8);
  expect(known.ledger.rows).toBe(83_123);
  expect(known.latencies.createOrder.p50).toBeCloseTo(0.001);
});

test('what is NaN, or not told at all, is not known; one process that knows is enough', () => {
  const blind: Page = { ...idle, [queued('due')]: Number.NaN };
  expect(figures([blind]).queue.due).toBeUndefined();
  expect(figures([blind, busy(1)]).queue.due).toBe(3);
  expect(figures([{ 'idempotency_keys_total{source="client"}': 0 }]).work.running).toBeUndefined();
  expect(figures([{ ...idle, idempotency_running: Number.NaN }]).work.running).toBeUndefined();
  expect(figures([{ ...idle, idempotency_running: Number.NaN }, busy(1)]).work.running).toBe(12);
  expect(figures([gone]).database.up).toBeUndefined();
});

test('for how long calls go without Redis: exactly, if it is the first time, or its beginning was seen', () => {
  const whole = (before: number, opened: number): Page => ({
    ...idle,
    idempotency_degraded_time_total: before,
    [changesTo('open')]: opened,
  });
  const degraded = (inAll: number, opened: number): Page => ({ ...whole(inAll, opened), idempotency_degraded: 1 });
  expect(degradedNow([degraded(67, 1)])).toBe(67);
  expect(degradedNow([degraded(67, 0)])).toBe(67);
  expect(degradedNow([degraded(67, 2)])).toBeUndefined();
  expect(degradedNow([whole(60, 1)], [degraded(60.5, 2)], [degraded(61.5, 2)])).toBe(1.5);
  expect(degradedNow([degraded(67, 1)], [whole(67, 1)])).toBeUndefined();
  // Another process, of which only this is known.
  expect(degradedNow([whole(60, 1)], [degraded(3, 2)])).toBeUndefined();
});
