import { expect, test } from '@jest/globals';
import { planMisfortunes } from '../../../src/simulator/misfortunes.ts';
import { type OrderPlan, planCut, planOrder } from '../../../src/simulator/order-plan.ts';

const options = { seed: 'tea', duplicates: 0.3, cancels: 0.2, watches: 0.4, faults: 0.05 };
const ORDERS = 1_000;

function plansOf(changes: Partial<typeof options> = {}): OrderPlan[] {
  return Array.from({ length: ORDERS }, (_, number) => planOrder(number, 'run', { ...options, ...changes }));
}

const plans = plansOf();

test('the same seed plans the same orders, in whatever sequence they are asked for', () => {
  const backwards = Array.from({ length: ORDERS }, (_, index) => planOrder(ORDERS - 1 - index, 'run', options));
  expect(backwards.reverse()).toEqual(plans);
});

test('another seed plans others', () => {
  expect(plansOf({ seed: 'coffee' })).not.toEqual(plans);
});

const shareOf = (chosen: (plan: OrderPlan) => boolean) => plans.filter(chosen).length / ORDERS;

test.each([
  ['repeated', 0.3, ({ create }: OrderPlan) => create.repetition !== undefined],
  ['cancelled', 0.2, ({ cancel }: OrderPlan) => cancel !== undefined],
  ['watched', 0.4, ({ watchAfter }: OrderPlan) => watchAfter !== undefined],
  ['cut off', 0.05, ({ create }: OrderPlan) => planCut(create.key, options) !== undefined],
])('about as many are %s as was asked for', (_what, share, chosen) => {
  const error = Math.abs(shareOf(chosen) - share);
  // Four times the standard deviation of so many throws.
  expect(error).toBeLessThan(4 * Math.sqrt((share * (1 - share)) / ORDERS));
});

test.each([0, 1])('a share of %p means none or all', (share) => {
  const planned = plansOf({ duplicates: share, cancels: share, watches: share });
  const isPlanned = ({ create, cancel, watchAfter }: OrderPlan) =>
    [create.repetition, cancel, watchAfter].map((choice) => choice !== undefined);
  expect(new Set(planned.flatMap(isPlanned))).toEqual(new Set([share === 1]));
  const isCut = planned.map(({ create }) => planCut(create.key, { ...options, faults: share }) !== undefined);
  expect(new Set(isCut)).toEqual(new Set([share === 1]));
});

test('every fate, every way to repeat and every way to cut comes up', () => {
  expect(new Set(plans.map(({ fate }) => fate)).size).toBe(3);
  expect(new Set(plans.map(({ create }) => create.repetition?.kind)).size).toBe(5);
  expect(new Set(plans.map(({ create }) => planCut(create.key, options))).size).toBe(4);
});

test('no key is part of another', () => {
  const keys = plans.flatMap(({ create, cancel }) => [create.key, ...(cancel ? [cancel.key] : [])]);
  const isPartOfAnother = (key: string) => keys.some((other) => other !== key && other.includes(key));
  expect(keys.slice(0, 100).filter(isPartOfAnother)).toEqual([]);
});

test('misfortunes are spread over the run, in the order in which they happen', () => {
  const misfortunes = planMisfortunes({ seconds: 30, killWorkersEverySeconds: 10, redisRestarts: 2 });
  expect(misfortunes.map(({ atMs, kind }) => `${atMs / 1_000} ${kind}`)).toEqual([
    '10 workerDies',
    '10 redisDies',
    '20 workerDies',
    '20 redisDies',
  ]);
});

test('nothing goes wrong unless it was asked for', () => {
  expect(planMisfortunes({ seconds: 30, killWorkersEverySeconds: undefined, redisRestarts: 0 })).toEqual([]);
});
