import { writeFile } from 'node:fs/promises';
import { drawChart } from './chart.ts';
import { renderPage } from './page.ts';
import type { Results } from './results.ts';

const page = new URL('../docs/performance.md', import.meta.url);
const chart = new URL('../docs/performance.svg', import.meta.url);

/** Writes docs/performance.md and its chart. */
export async function writePage(results: Results): Promise<void> {
  await writeFile(chart, drawChart(results));
  await writeFile(page, renderPage(results));
}
