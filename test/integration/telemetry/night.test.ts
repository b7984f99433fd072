import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { startTestAlertmanager } from '../../support/alertmanager.ts';
import { dashboardQueries } from '../../support/dashboard.ts';
import { testMonitorPrograms } from '../../support/monitor-programs.ts';
import { startTestPrometheus, type TestPrometheus } from '../../support/prometheus.ts';
import { until } from '../faults/until.ts';
import { startWatchedService, type WatchedService } from '../faults/watched-service.ts';
import { type OpenStores, openStores } from '../orders/stores.ts';
import { checkHealth } from '../server/health-client.ts';
import { runSimulator } from '../simulator/run-simulator.ts';
import { runTop } from './run-top.ts';

// Redis stops at night, under load: whoever is woken sees it wherever they look, and is told what to do.

/** A machine without the programs installs them first. */
const SET_UP_LIMIT_MS = 300_000;

/** With the intervals of monitoring/prometheus.yml. */
const SEEN_WITHIN_MS = 30_000;

let stores: OpenStores;
let service: WatchedService;
let prometheus: TestPrometheus;
const stack = new AsyncDisposableStack();

beforeAll(async () => {
  const programs = await testMonitorPrograms();
  stores = await openStores();
  stack.defer(() => stores.close());
  service = stack.use(await startWatchedService({ ...stores, settings: { FULFILMENT_ENABLED: 'true' } }));
  const alertmanager = stack.use(await startTestAlertmanager(programs));
  const target = `127.0.0.1:${service.metricsPort}`;
  const options = { programs, target, alertmanager: alertmanager.address, interval: '5s' };
  prometheus = stack.use(await startTestPrometheus(options));
}, SET_UP_LIMIT_MS);

afterAll(() => stack.disposeAsync(), 60_000);

const url = () => `http://127.0.0.1:${service.metricsPort}/metrics`;

/** The query behind a panel of the dashboard. */
function queryOf(title: string): string {
  const found = dashboardQueries().find(({ panel }) => panel.title === title);
  if (found === undefined) throw new Error(`the dashboard has no panel ${title}`);
  return found.expr.replaceAll('$instance', '.*').replaceAll('$__rate_interval', '1m');
}

/** Where whoever is woken looks. */
const places: Readonly<Record<string, () => Promise<boolean>>> = {
  'the health of redis': async () => (await checkHealth(service.client, 'redis')).health === 'NOT_SERVING',
  'the log': async () => service.hasLogged('Redis gives no usable answers'),
  'npm run top': async () => (await runTop(['--once', url()])).output.includes('DEGRADED: calls go without Redis'),
  'the dashboard': async () => (await prometheus.query(queryOf('Degraded'))).some(({ value }) => value === 1),
  'an alert': async () =>
    (await prometheus.alerts()).some(({ name, state }) => name === 'RedisUnavailable' && state === 'firing'),
};

test('Redis stops under load: health, log, top, dashboard and an alert say so within 30 s, and the runbook leads to the cause', async () => {
  await using _simulator = runSimulator(
    [`--target=127.0.0.1:${service.port}`, '--rate=8', '--seconds=600', '--faults=0', '--seed=night'],
    { DATABASE_URL: stores.databaseUrl, REDIS_URL: stores.redisUrl },
  );
  await until('orders are placed', async () => {
    const [row] = await stores.audit.run('select count(*)::int as orders from orders');
    return Number(row?.['orders']) > 20;
  });
  for (const [place, says] of Object.entries(places)) {
    expect([place, await says()]).toEqual([place, false]);
  }
  await stores.redis.kill();
  const stoppedMs = performance.now();
  const seen = Object.entries(places).map(async ([place, says]) => {
    await until(place, says);
    return [place, performance.now() - stoppedMs] as const;
  });
  const seenMs = Object.fromEntries(await Promise.all(seen));
  process.stdout.write(`${JSON.stringify(seenMs)}\n`);
  expect(Math.max(...Object.values(seenMs))).toBeLessThan(SEEN_WITHIN_MS);
  const runbook = readFileSync(new URL('../../../docs/operations.md', import.meta.url), 'utf8');
  const [, section = ''] = runbook.split('\n### RedisUnavailable\n');
  const [errors] = await prometheus.query(/```promql\n([^`]+)```/.exec(section)?.[1] ?? '');
  expect(errors?.labels).toMatchObject({ kind: expect.stringMatching(/^(connection|timeout|refused|reply)$/) });
}, 180_000);
