import { expect, test } from '@jest/globals';
import { knownSeries, unknownNames } from '../../support/known-series.ts';
import { recordings } from '../../support/monitoring-files.ts';

// What judges rules, dashboard and docs is judged here.

const known = knownSeries(recordings);

test.each([
  ['max(orders_dubbled) > 0', ['orders_dubbled is no metric']],
  ['sum(rate(idempotency_outcomes[5m]))', ['idempotency_outcomes is no metric']],
  ['sum(rate(idempotency_begin_duration_total[5m]))', ['idempotency_begin_duration_total is no metric']],
  ['idempotency_degraded{outcome="executed"}', ['idempotency_degraded has no label outcome']],
  ['idempotency_outcomes_total{outcome="doubled"}', ['outcome is never doubled']],
  ['idempotency_outcomes_total{outcome=~"replayed|forgotten"}', ['outcome is never forgotten']],
  [
    'rpc_server_call_duration_count{rpc_method=~"(orders|idempotency)[.]v2[.].+"}',
    ['rpc_method is never (orders|idempotency)[.]v2[.].+'],
  ],
  ['up{job="another"}', ['job is never another']],
  ['sum by (state) (orders_dead_letters)', ['nothing has state']],
  ['histogram_quantile(0.99, sum by (le) (orders_queue_oldest))', ['nothing has le']],
  ['sum by (outcome) (service:idempotency_keys:rate5m)', ['nothing has outcome']],
  ['service:nothing:rate5m offset 1d > 1e6', ['service:nothing:rate5m is no metric']],
])('%s is found out', (expression, reasons) => {
  expect(unknownNames(expression, known)).toEqual(reasons);
});

test.each([
  '(count(up{job="orders"} == 1) or vector(0)) == 0',
  'round(increase(idempotency_circuit_changes_total{to="open"}[10m])) > 3',
  'outcome:idempotency_outcomes:ratio_rate5m{outcome="mismatch"} > 0.01 and max(orders_doubled) >= 1e6',
  'sum by (le, rpc_method) (rate(rpc_server_call_duration_bucket{rpc_method=~"(orders|idempotency)[.]v1[.].+"}[1h] offset 1d))',
])('%s is not', (expression) => {
  expect(unknownNames(expression, known)).toEqual([]);
});

test('a label that a text names has to be there', () => {
  expect(unknownNames('max(orders_doubled)', known, ['instance', 'method'])).toEqual(['nothing has method']);
});
