import { expect, test } from '@jest/globals';
import { instrumentKeys, instruments } from '../../../src/telemetry/instruments.ts';
import { dashboardQueries, readDashboard } from '../../support/dashboard.ts';
import { knownSeries, unknownNames } from '../../support/known-series.ts';
import { recordings } from '../../support/monitoring-files.ts';
import { namesInExpression } from '../../support/promql-names.ts';

const dashboard = readDashboard();
const queries = dashboardQueries();

test('panels have ids of their own, and names that differ within their row', () => {
  const ids = dashboard.panels.map(({ id }) => id);
  expect(new Set(ids).size).toBe(ids.length);
  let row = '';
  const names = dashboard.panels.map(({ type, title }) => {
    row = type === 'row' ? title : row;
    return type === 'row' ? title : `${row}: ${title}`;
  });
  expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([]);
});

test('no panel lies over another, or beyond the edge', () => {
  const taken = new Set<string>();
  const faults: string[] = [];
  for (const { title, gridPos } of dashboard.panels) {
    const { x: left, y: top, w, h } = gridPos;
    for (let cell = 0; cell < w * h; cell += 1) {
      const x = left + (cell % w);
      const place = `${x} ${top + Math.floor(cell / w)}`;
      if (taken.has(place) || x >= 24) faults.push(`${title} at ${place}`);
      taken.add(place);
    }
  }
  expect(faults).toEqual([]);
});

test('queries of a panel have letters of their own', () => {
  for (const { panel } of queries) {
    const letters = panel.targets.map(({ refId }) => refId);
    expect([panel.title, new Set(letters).size]).toEqual([panel.title, letters.length]);
  }
});

test.each(queries)(
  '$panel.title: what $legend asks for is measured, and the legend names labels that are there',
  (query) => {
    const inLegend = Array.from(query.legend.matchAll(/\{\{(\w+)\}\}/g), ([, label = '']) => label);
    expect(unknownNames(query.expr.replaceAll('$instance', '.*'), knownSeries(recordings), inLegend)).toEqual([]);
  },
);

test('every instrument can be seen', () => {
  const asked = queries.flatMap(({ expr }) => namesInExpression(expr).selectors.map(({ metric }) => metric));
  const unseen = instrumentKeys
    .map((key) => instruments[key].name.replaceAll('.', '_'))
    .filter(
      (name) => !asked.some((metric) => metric.replace(/_(total|bucket|count|sum)$/, '') === name || metric === name),
    );
  expect(unseen).toEqual([]);
});
