import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { settings } from '../../../src/config/settings.ts';
import { statusNames } from '../../../src/telemetry/instruments.ts';
import { statusTable } from '../../../src/transport/status-table.ts';
import { knownSeries, unknownNames } from '../../support/known-series.ts';
import {
  alerts,
  expectations,
  readAlertmanagerConfig,
  readPrometheusConfig,
  recordings,
} from '../../support/monitoring-files.ts';
import { namesIn, readPage, tableIn } from './document-tables.ts';

const page = readPage('operations.md');
const names = alerts.map(({ alert }) => alert);
const known = knownSeries(recordings);

/** The names of labels in a template of Prometheus. */
function labelsIn(template: string): string[] {
  return Array.from(template.matchAll(/\$labels\.(\w+)/g), ([, label = '']) => label);
}

test('every alert has a section in the runbook, and every section there is of an alert', () => {
  const sections = Array.from(page.matchAll(/^### (.+)$/gm), ([, heading = '']) => heading);
  expect([...sections].sort()).toEqual([...names].sort());
  expect(new Set(names).size).toBe(names.length);
});

test.each(alerts)('$alert: its text ends as a sentence, shows the value, and leads to its section', (rule) => {
  const { summary, description, runbook_url } = rule.annotations;
  expect(summary).toMatch(/^[A-Z].*\.$/);
  expect(description).toMatch(/\{\{ \$value.*\}\}/);
  expect(runbook_url).toBe(`docs/operations.md#${rule.alert.toLowerCase()}`);
});

test.each(alerts)('$alert: the section says what is felt, where to look and what to do', ({ alert }) => {
  const [, section = ''] = page.split(`\n### ${alert}\n`);
  const [own = ''] = section.split(/\n#{2,3} /);
  expect(own).toMatch(/^\n.+\n\n.*\*\*Felt\.\*\* .+\*\*Look\.\*\* .+\*\*Do\.\*\* /s);
});

test.each(alerts)('$alert: a test of rules has it fire, and one has it not fire', ({ alert }) => {
  const told = expectations.filter(({ alertname }) => alertname === alert).map(({ exp_alerts = [] }) => exp_alerts);
  expect(told.some((expected) => expected.length > 0)).toBe(true);
  expect(told.some((expected) => expected.length === 0)).toBe(true);
});

test('tests of rules are about alerts that there are', () => {
  expect(expectations.filter(({ alertname }) => !names.includes(alertname))).toEqual([]);
});

test.each(alerts)('$alert asks for what is measured, and its text for labels that are there', (rule) => {
  const labels = Object.values(rule.annotations).flatMap(labelsIn);
  expect(unknownNames(rule.expr, known, labels)).toEqual([]);
});

test.each(recordings)('$record is made of what is measured', ({ expr }) => {
  expect(unknownNames(expr, known)).toEqual([]);
});

test('the questions of the page of metrics and of the runbook ask for what is measured', () => {
  const table = tableIn(readPage('metrics.md'), 'Questions, and where the answer is');
  const fences = Array.from(page.matchAll(/^```promql\n(.*?)^```$/gms), ([, text = '']) => text.trim().split('\n'));
  const expressions = [...table.flatMap(([, cell]) => namesIn(cell).slice(0, 1)), ...fences.flat()];
  expect(expressions.length).toBeGreaterThan(40);
  const unknown = expressions.map((expression) => [expression, unknownNames(expression, known)] as const);
  expect(unknown.filter(([, reasons]) => reasons.length > 0)).toEqual([]);
});

test('lines of the log, checks of the doctor, settings, statuses and reasons that the runbook names are there', () => {
  const prose = page.replaceAll(/^```.*?^```$/gms, '');
  const sources = readdirSync(new URL('../../../src/', import.meta.url), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts') && !path.startsWith('generated'))
    .map((path) => readFileSync(new URL(`../../../src/${path}`, import.meta.url), 'utf8'))
    .join('\n');
  const isCommand = /^(npm|select|redis-cli|promtool|SLOWLOG|VACUUM)\b|^\\d/;
  const quoted = namesIn(prose).filter((text) => text.includes(' ') && !isCommand.test(text));
  expect(quoted.length).toBeGreaterThan(20);
  expect(quoted.filter((line) => !sources.includes(line))).toEqual([]);

  const checks = Array.from(prose.matchAll(/(?:under|see) `([a-z-]+)`(?: and `([a-z-]+)`)?/g), ([, ...found]) => found)
    .flat()
    .filter((name) => name !== undefined);
  expect(checks.length).toBeGreaterThan(8);
  expect(checks.filter((name) => !sources.includes(`{ name: '${name}', look: `))).toEqual([]);

  const capitals = namesIn(prose).filter((text) => /^[A-Z]+(_[A-Z]+)+$/.test(text));
  const there = [...settings.map(({ variable }) => variable), ...statusNames, ...Object.keys(statusTable)];
  expect(capitals.filter((name) => !there.includes(name) && name !== 'NOT_SERVING')).toEqual([]);
});

test('of a Redis that stops somebody hears within 30 seconds', () => {
  const { global } = readPrometheusConfig();
  const { group_wait } = readAlertmanagerConfig().route;
  const rule = alerts.find(({ alert }) => alert === 'RedisUnavailable');
  const byDefault = (name: string) => Number(settings.find(({ variable }) => variable === name)?.default) / 1_000;
  const waits = [
    // Without a call, probes alone find it; the last one may hang.
    byDefault('REDIS_CIRCUIT_FAILURES') * byDefault('REDIS_CIRCUIT_PROBE_MS') + byDefault('REDIS_COMMAND_TIMEOUT_MS'),
    ...[global.scrape_interval, global.evaluation_interval, rule?.for ?? '', group_wait].map(secondsOf),
  ];
  expect(waits.reduce((sum, wait) => sum + wait, 0)).toBeLessThanOrEqual(30);
});

test('DoubledOrders waits for nothing, wakes somebody, and is never kept quiet by another alert', () => {
  const doubled = alerts.find(({ alert }) => alert === 'DoubledOrders');
  expect(doubled).toMatchObject({ expr: 'max(orders_doubled) > 0', labels: { severity: 'page' } });
  expect(doubled).not.toHaveProperty('for');
  const targets = readAlertmanagerConfig().inhibit_rules.map(({ target_matchers }) => target_matchers.flatMap(namedBy));
  expect(targets.filter((target) => target.length === 0 || target.includes('DoubledOrders'))).toEqual([]);
});

test('Alertmanager knows the severities and the names of the alerts', () => {
  const { receivers, route, inhibit_rules } = readAlertmanagerConfig();
  expect(receivers.map(({ name }) => name)).toEqual(['page', 'ticket']);
  expect([route.receiver, ...route.routes.map(({ receiver, matchers }) => [receiver, ...matchers])]).toEqual([
    'ticket',
    ['page', 'severity = "page"'],
  ]);
  for (const matcher of inhibit_rules.flatMap((rule) => [...rule.source_matchers, ...rule.target_matchers])) {
    expect([matcher, namedBy(matcher)]).not.toEqual([matcher, []]);
  }
});

/** `1m`, `30s` */
function secondsOf(duration: string): number {
  const [, number, unit] = /^(\d+)(s|m)$/.exec(duration) ?? [];
  return Number(number) * (unit === 'm' ? 60 : 1);
}

/** The alerts that a matcher of Alertmanager fits. */
function namedBy(matcher: string): string[] {
  const [, pattern] = /^alertname =~? "(.*)"$/.exec(matcher) ?? [];
  return pattern === undefined ? [] : names.filter((name) => new RegExp(`^(?:${pattern})$`).test(name));
}
