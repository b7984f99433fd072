import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { poll } from '../../../src/embedded/poll.ts';
import { runProgram } from '../../../src/embedded/run-program.ts';
import { startTestAlertmanager, type TestAlertmanager } from '../../support/alertmanager.ts';
import { dashboardQueries } from '../../support/dashboard.ts';
import { type MonitorPrograms, testMonitorPrograms } from '../../support/monitor-programs.ts';
import { monitoringFolder, ruleFiles, ruleTestFiles } from '../../support/monitoring-files.ts';
import { startTestPrometheus, type TestPrometheus } from '../../support/prometheus.ts';
import { until } from '../faults/until.ts';
import { startWatchedService, type WatchedService } from '../faults/watched-service.ts';
import { type OpenStores, openStores } from '../orders/stores.ts';
import { makeLoad, slowDownOrders } from './order-load.ts';

/** A machine without the programs installs them first. */
const SET_UP_LIMIT_MS = 300_000;

/** Days of rules take some ten seconds of a machine that has nothing else to do. */
const TOOL_LIMIT_MS = 150_000;

let programs: MonitorPrograms;
let stores: OpenStores;
let service: WatchedService;
let alertmanager: TestAlertmanager;
let prometheus: TestPrometheus;
const stack = new AsyncDisposableStack();

beforeAll(async () => {
  programs = await testMonitorPrograms();
  stores = await openStores();
  stack.defer(() => stores.close());
  const settings = { METRICS_DATABASE_INTERVAL_MS: '100', FULFILMENT_ENABLED: 'true' };
  service = stack.use(await startWatchedService({ ...stores, settings }));
  alertmanager = stack.use(await startTestAlertmanager(programs));
  const target = `127.0.0.1:${service.metricsPort}`;
  prometheus = stack.use(
    await startTestPrometheus({ programs, target, alertmanager: alertmanager.address, interval: '1s' }),
  );
}, SET_UP_LIMIT_MS);

afterAll(() => stack.disposeAsync(), 60_000);

async function run(program: string, ...programArguments: string[]): Promise<void> {
  const options = { environment: process.env, folder: monitoringFolder, timeoutMs: TOOL_LIMIT_MS };
  const { isSuccess, output } = await runProgram({ program, programArguments, ...options });
  if (!isSuccess) throw new Error(`${program} ${programArguments.join(' ')}:\n${output}`);
}

test('Prometheus accepts our configuration and rules', async () => {
  await run(programs.promtool, 'check', 'config', 'prometheus.yml');
  await run(programs.promtool, 'check', 'rules', ...ruleFiles);
});

test.each(ruleTestFiles)(
  'alerts fire when they should, and not otherwise: %s',
  async (path) => {
    await run(programs.promtool, 'test', 'rules', path);
  },
  TOOL_LIMIT_MS + 10_000,
);

test('Alertmanager accepts our configuration', async () => {
  await run(programs.amtool, 'check-config', 'alertmanager.yml');
});

test('every query of the dashboard shows something while the service has work, and 0 for what is rare', async () => {
  await slowDownOrders(stores.audit);
  let empty: readonly string[] = [];
  let round = 0;
  const isFull = await poll(
    async () => {
      round += 1;
      await makeLoad(service.client, round);
      // Before that, PostgreSQL does not know how many rows there are.
      await stores.audit.run('vacuum analyze idempotency_keys');
      empty = await queriesWithoutData();
      return empty.length === 0 ? true : undefined;
    },
    { timeoutMs: 30_000, intervalMs: 500 },
  );
  expect(empty).toEqual([]);
  expect(isFull).toBe(true);
});

async function queriesWithoutData(): Promise<readonly string[]> {
  const answers = await Promise.all(
    dashboardQueries().map(async ({ panel, expr }) => {
      const query = expr.replaceAll('$instance', '.*').replaceAll('$__rate_interval', '1m');
      const samples = await prometheus.query(query);
      return samples.some(({ value }) => !Number.isNaN(value)) ? [] : [`${panel.title}: ${query}`];
    }),
  );
  return answers.flat();
}

test('Redis stops: Prometheus and Alertmanager tell of it; Redis is back: they are quiet again', async () => {
  const stateOf = async () => (await prometheus.alerts()).find(({ name }) => name === 'RedisUnavailable')?.state;
  const arrived = async () => (await alertmanager.alerts()).find(({ name }) => name === 'RedisUnavailable');
  expect(await stateOf()).toBeUndefined();
  expect(await arrived()).toBeUndefined();

  await stores.redis.kill();
  await until('the alert is pending', async () => (await stateOf()) === 'pending');
  await until('the alert fires', async () => (await stateOf()) === 'firing');
  await until('the alert has come to Alertmanager', async () => (await arrived()) !== undefined);
  expect(await arrived()).toEqual({
    name: 'RedisUnavailable',
    summary: 'Redis gives no usable answers.',
    receivers: ['ticket'],
  });

  await stores.redis.restart();
  await until('the alert has ended', async () => (await stateOf()) === undefined);
  await until('Alertmanager knows that it has ended', async () => (await arrived()) === undefined);
}, 180_000);
