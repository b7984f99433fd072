import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { z } from 'zod';

/** The folder of what Prometheus, Alertmanager and Grafana are given. */
export const monitoringFolder = fileURLToPath(new URL('../../monitoring/', import.meta.url));

const labels = z.record(z.string(), z.string());

const alertRule = z.strictObject({
  alert: z.string(),
  expr: z.string(),
  for: z.string().optional(),
  labels: z.strictObject({ severity: z.enum(['page', 'ticket']) }),
  annotations: z.strictObject({ summary: z.string(), description: z.string(), runbook_url: z.string() }),
});
const recordingRule = z.strictObject({ record: z.string(), expr: z.string() });

export type AlertRule = z.infer<typeof alertRule>;
export type RecordingRule = z.infer<typeof recordingRule>;

const ruleFile = z.strictObject({
  groups: z.array(
    z.strictObject({
      name: z.string(),
      interval: z.string().optional(),
      rules: z.array(z.union([alertRule, recordingRule])),
    }),
  ),
});

const testFile = z.object({
  rule_files: z.array(z.string()),
  tests: z.array(
    z.object({
      name: z.string(),
      alert_rule_test: z.array(
        z.strictObject({
          alertname: z.string(),
          eval_time: z.string(),
          exp_alerts: z.array(z.object({ exp_labels: labels, exp_annotations: labels })).optional(),
        }),
      ),
    }),
  ),
});

const prometheusConfig = z.looseObject({
  global: z.strictObject({ scrape_interval: z.string(), scrape_timeout: z.string(), evaluation_interval: z.string() }),
  rule_files: z.array(z.string()),
  alerting: z.strictObject({
    alertmanagers: z.tuple([z.strictObject({ static_configs: z.array(z.unknown()) })]),
  }),
  scrape_configs: z.tuple([z.strictObject({ job_name: z.literal('orders'), static_configs: z.array(z.unknown()) })]),
});

const matchers = z.array(z.string());
const alertmanagerConfig = z.strictObject({
  receivers: z.array(z.looseObject({ name: z.string() })),
  route: z.looseObject({
    receiver: z.string(),
    group_wait: z.string(),
    routes: z.array(z.looseObject({ receiver: z.string(), matchers })),
  }),
  inhibit_rules: z.array(
    z.strictObject({ source_matchers: matchers, target_matchers: matchers, equal: z.array(z.string()).optional() }),
  ),
});

/** The names of the YAML files in a folder of it. */
function filesIn(folder: string): string[] {
  return readdirSync(`${monitoringFolder}${folder}`)
    .filter((name) => name.endsWith('.yml'))
    .map((name) => `${folder}/${name}`);
}

export const ruleFiles = filesIn('rules');
export const ruleTestFiles = filesIn('rules/tests');

function read<T>(rule: z.ZodType<T>, path: string): T {
  return rule.parse(parse(readFileSync(`${monitoringFolder}${path}`, 'utf8')));
}

const rules = ruleFiles.flatMap((path) => read(ruleFile, path).groups.flatMap((group) => group.rules));

export const alerts = rules.filter((rule): rule is AlertRule => 'alert' in rule);
export const recordings = rules.filter((rule): rule is RecordingRule => 'record' in rule);

/** What the tests of rules expect of alerts, one after the other. */
export const expectations = ruleTestFiles.flatMap((path) =>
  read(testFile, path).tests.flatMap((test) => test.alert_rule_test),
);

export const readPrometheusConfig = () => read(prometheusConfig, 'prometheus.yml');
export const readAlertmanagerConfig = () => read(alertmanagerConfig, 'alertmanager.yml');
