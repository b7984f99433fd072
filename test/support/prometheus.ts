import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { z } from 'zod';
import { startMonitor } from './monitor-process.ts';
import type { MonitorPrograms } from './monitor-programs.ts';
import { monitoringFolder, readPrometheusConfig } from './monitoring-files.ts';

/** A value that Prometheus has found. */
export interface Sample {
  readonly labels: Readonly<Record<string, string>>;
  /** May be NaN. */
  readonly value: number;
}

/** An alert as Prometheus has it. */
export interface PrometheusAlert {
  readonly name: string;
  readonly state: string;
}

export interface TestPrometheus extends AsyncDisposable {
  query(expression: string): Promise<readonly Sample[]>;
  alerts(): Promise<readonly PrometheusAlert[]>;
}

export interface TestPrometheusOptions {
  readonly programs: MonitorPrograms;
  /** Where the service serves its metrics. */
  readonly target: string;
  /** Where Alertmanager listens. */
  readonly alertmanager: string;
  /** How often is read and judged. */
  readonly interval: string;
}

const labelsRule = z.record(z.string(), z.string());
const vectorRule = z.object({
  data: z.object({
    resultType: z.literal('vector'),
    result: z.array(z.object({ metric: labelsRule, value: z.tuple([z.number(), z.string()]) })),
  }),
});
const alertsRule = z.object({
  data: z.object({ alerts: z.array(z.object({ labels: z.object({ alertname: z.string() }), state: z.string() })) }),
});

/** Starts Prometheus with our configuration and rules, but for where it reads, where it tells, and how often. */
export async function startTestPrometheus(options: TestPrometheusOptions): Promise<TestPrometheus> {
  const { programs, target, alertmanager, interval } = options;
  const config = readPrometheusConfig();
  const [scrape] = config.scrape_configs;
  const own = {
    ...config,
    global: { scrape_interval: interval, scrape_timeout: interval, evaluation_interval: interval },
    rule_files: config.rule_files.map((path) => join(monitoringFolder, path)),
    alerting: { alertmanagers: [{ static_configs: [{ targets: [alertmanager] }] }] },
    scrape_configs: [{ ...scrape, static_configs: [{ targets: [target] }] }],
  };
  const monitor = await startMonitor({
    title: 'prometheus',
    program: programs.prometheus,
    argumentsIn: async (folder) => {
      const file = join(folder, 'prometheus.yml');
      await writeFile(file, stringify(own));
      return [`--config.file=${file}`, `--storage.tsdb.path=${join(folder, 'data')}`];
    },
  });
  return {
    query: async (expression) => {
      const answer = await monitor.read(`/api/v1/query?query=${encodeURIComponent(expression)}`);
      const { result } = vectorRule.parse(answer).data;
      return result.map(({ metric, value: [, value] }) => ({ labels: metric, value: Number(value) }));
    },
    alerts: async () => {
      const { alerts } = alertsRule.parse(await monitor.read('/api/v1/alerts')).data;
      return alerts.map(({ labels, state }) => ({ name: labels.alertname, state }));
    },
    [Symbol.asyncDispose]: () => monitor[Symbol.asyncDispose](),
  };
}
