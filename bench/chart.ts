import { BarChart } from 'echarts/charts';
import { GridComponent, LegendComponent, TitleComponent } from 'echarts/components';
import { init, use } from 'echarts/core';
import { SVGRenderer } from 'echarts/renderers';
import { type ContestantName, contestantNames, contestants } from './contestants.ts';
import { figures, measurementsOf, type Results, spreadOf } from './results.ts';

use([BarChart, GridComponent, LegendComponent, TitleComponent, SVGRenderer]);

const WIDTH = 900;
const HEIGHT = 420;

/** Ours stands out; the limit and what is not protected are grey. */
const colours: Readonly<Record<ContestantName, string>> = {
  empty: '#d0d0d0',
  plain: '#a8a8a8',
  samePath: '#808080',
  powertools: '#f0b95b',
  nodeIdempotency: '#d98c5f',
  dbos: '#7fa7d9',
  ours: '#2f7d4f',
};

/** Orders a second, by calls in flight, as an SVG that is good to read on a light page. */
export function drawChart(results: Results): string {
  const inFlight = [...new Set(results.measurements.map((measurement) => measurement.inFlight))].sort((a, b) => a - b);
  const drawn = contestantNames.filter((name) => name !== 'empty');
  const chart = init(null, null, { renderer: 'svg', ssr: true, width: WIDTH, height: HEIGHT });
  chart.setOption({
    animation: false,
    backgroundColor: '#ffffff',
    title: { text: 'Orders placed a second, by calls in flight', left: 'center', textStyle: { fontSize: 16 } },
    legend: { bottom: 0 },
    grid: { left: 60, right: 20, top: 50, bottom: 60 },
    xAxis: { type: 'category', data: inFlight.map((count) => `${count} in flight`) },
    yAxis: { type: 'value' },
    series: drawn.map((name) => ({
      type: 'bar' as const,
      name: contestants[name].title,
      itemStyle: { color: colours[name] },
      data: inFlight.map((count) => {
        const cell = { contestant: name, scenario: 'create', inFlight: count };
        return Math.round(spreadOf(measurementsOf(results, cell).map(figures.rate))?.median ?? 0);
      }),
    })),
  });
  const svg = chart.renderToSVGString();
  chart.dispose();
  return `${svg}\n`;
}
