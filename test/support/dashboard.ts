import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { monitoringFolder } from './monitoring-files.ts';

const datasource = z.strictObject({ type: z.literal('prometheus'), uid: z.literal(`\${datasource}`) });
const count = z.int().min(0);
const gridPos = z.strictObject({ h: z.int().min(1), w: z.int().min(1).max(24), x: count.max(23), y: count });
const step = z.strictObject({ color: z.string(), value: z.number().nullable() });

const rowRule = z.strictObject({
  id: z.int().min(1),
  type: z.literal('row'),
  title: z.string().min(1),
  collapsed: z.literal(false),
  gridPos,
  panels: z.tuple([]),
});

const panelRule = z.strictObject({
  id: z.int().min(1),
  type: z.enum(['timeseries', 'stat']),
  title: z.string().min(1),
  description: z.string().regex(/^[A-Z0-9].*\.$/),
  datasource,
  gridPos,
  targets: z
    .array(
      z.strictObject({
        refId: z.string().regex(/^[A-Z]$/),
        datasource,
        expr: z.string().min(1),
        legendFormat: z.string().min(1),
      }),
    )
    .min(1),
  fieldConfig: z.strictObject({
    defaults: z.strictObject({
      unit: z.enum(['s', 'bytes', 'percentunit', 'short', 'reqps', 'ops', 'cps']),
      min: z.number().optional(),
      max: z.number().optional(),
      color: z.strictObject({ mode: z.literal('thresholds') }).optional(),
      thresholds: z.strictObject({ mode: z.literal('absolute'), steps: z.array(step).min(1) }).optional(),
    }),
    overrides: z.tuple([]),
  }),
  options: z.record(z.string(), z.unknown()),
});

const variable = { name: z.string(), label: z.string(), refresh: z.int(), hide: z.literal(0) };

const dashboardRule = z.strictObject({
  uid: z.string().regex(/^[a-z0-9-]{1,40}$/),
  title: z.string().min(1),
  description: z.string().min(1),
  tags: z.array(z.string()),
  schemaVersion: z.literal(39),
  version: z.int().min(1),
  editable: z.boolean(),
  graphTooltip: z.literal(1),
  timezone: z.literal('browser'),
  refresh: z.string().regex(/^\d+s$/),
  time: z.strictObject({ from: z.string(), to: z.literal('now') }),
  annotations: z.strictObject({ list: z.tuple([]) }),
  links: z.tuple([]),
  templating: z.strictObject({
    list: z.tuple([
      z.strictObject({
        ...variable,
        type: z.literal('datasource'),
        query: z.literal('prometheus'),
        current: z.strictObject({}),
      }),
      z.strictObject({
        ...variable,
        type: z.literal('query'),
        datasource,
        query: z.strictObject({ query: z.string(), refId: z.string() }),
        sort: z.int(),
        multi: z.literal(true),
        includeAll: z.literal(true),
        allValue: z.literal('.*'),
        current: z.looseObject({ value: z.tuple([z.literal('$__all')]) }),
      }),
    ]),
  }),
  panels: z.array(z.discriminatedUnion('type', [rowRule, panelRule])),
});

export type Panel = z.infer<typeof panelRule>;

/** The dashboard, with nothing in it that is not described here. @throws if there is */
export function readDashboard() {
  return dashboardRule.parse(JSON.parse(readFileSync(`${monitoringFolder}grafana/dashboard.json`, 'utf8')));
}

/** What the dashboard asks Prometheus for, with the variables of Grafana in it, and the panel that does. */
export function dashboardQueries(): readonly {
  readonly panel: Panel;
  readonly expr: string;
  readonly legend: string;
}[] {
  const panels = readDashboard().panels.filter((panel): panel is Panel => panel.type !== 'row');
  return panels.flatMap((panel) => panel.targets.map(({ expr, legendFormat: legend }) => ({ panel, expr, legend })));
}
