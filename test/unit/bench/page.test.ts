import { expect, test } from '@jest/globals';
import { renderPage } from '../../../bench/page.ts';
import { renderReport } from '../../../bench/report.ts';
import type { Results } from '../../../bench/results.ts';

const load = { seconds: 2, p50Ms: 1.5, p99Ms: 9, maxMs: 20, cpu: 0.5, processes: 1, isLimit: false };
const cell = { scenario: 'create', inFlight: 64, round: 1, cpu: { server: 0.8, postgres: 0.6, redis: 0.1 } };
const results: Results = {
  beganAt: '2026-01-01T10:00:00.000Z',
  tookSeconds: 120,
  isQuick: false,
  commit: 'abc',
  machine: { cpus: 2, model: 'a CPU', memoryGiB: 4, system: 'Linux' },
  versions: { Node: '26.0.0' },
  settings: { postgres: { max_connections: '200' } },
  records: 1_000_000,
  measurements: [
    { ...cell, contestant: 'plain', load: { ...load, calls: 200, failures: {} } },
    { ...cell, contestant: 'ours', load: { ...load, calls: 900, failures: {} } },
    { ...cell, contestant: 'dbos', load: { ...load, calls: 104, failures: { 'UNAVAILABLE: away': 4 } } },
    { ...cell, contestant: 'redisStopped', load: { ...load, calls: 800, failures: {} } },
  ],
  kills: [
    { contestant: 'plain', orders: 2, answeredAfterMs: 1_234 },
    { contestant: 'dbos', orders: 1 },
  ],
};

test('the page has each line in its table, with its ratio and its faults, and a verdict for each goal', () => {
  const lines = renderPage(results).split('\n');
  expect(lines).toEqual(
    expect.arrayContaining([
      '| ours | 64 | 450 | 4.50 | 1.50 | 9.00 | 0.50 · 0.80 · 0.60 · 0.10 |  |',
      '| DBOS | 64 | 50 | 0.50 | 1.50 | 9.00 | 0.50 · 0.80 · 0.60 · 0.10 | 4 calls failed, such as UNAVAILABLE: away |',
      '| create, 64 in flight, against plain | ≥ 3.5 × | 4.50 | met |',
      '| create at 64, against DBOS | ≥ 8 × | 9.00 | calls failed |',
      '| create, 16 in flight, against plain | ≥ 2.3 × | - | not measured |',
    ]),
  );
  const line = (beginning: string) => lines.filter((each) => each.startsWith(beginning));
  expect(line('| plain | Mikro')).toEqual([expect.stringMatching(/\| 2 orders; a retry succeeds after 1\.2 s \|$/)]);
  expect(line('| DBOS | @dbos')).toEqual([expect.stringMatching(/\| 1 order, and no retry succeeds within 20 s \|$/)]);
  const special = lines.slice(lines.indexOf('## Under special conditions'));
  expect(special.filter((each) => each.startsWith('| ours'))).toHaveLength(1);
});

test('what is printed has the same figures', () => {
  const report = renderReport(results);
  expect(report).toMatch(/ours +│ create +│ 64 +│ 450 +│ 4\.50 /);
  expect(report).toMatch(/create, 64 in flight, against plain +│ ≥ 3\.5 × +│ 4\.50 +│ met/);
  expect(report).toContain('killed behind its commit, plain: 2 orders; a retry succeeds after 1.2 s');
});
