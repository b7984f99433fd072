import cliTruncate from 'cli-truncate';
import { figuresOf } from './figures.ts';
import { readableBytes, readableCount, readableSeconds, readableShare } from './readable.ts';
import type { Paint, Tone } from './tone.ts';
import type { View } from './view.ts';

const URL_COLUMNS = 37;
const NUMBER_COLUMNS = [7, 7, 8, 6, 6, 9] as const;

/** A line for each process, with what tells a sick one from the others. */
export function endpointRows(views: readonly View[], paint: Paint): readonly string[] {
  return [
    row('ENDPOINTS', ['up', 'per s', 'p99', 'open', 'CPU', 'memory']),
    ...views.map((view) => endpointRow(view, paint)),
  ];
}

function endpointRow(view: View, paint: Paint): string {
  const { endpoint, latest } = view;
  if (latest.kind === 'unread') {
    return paint(`${cut(endpoint.url).padEnd(URL_COLUMNS)} ${latest.problem}`, 'fault');
  }
  const { uptime, callsASecond, latencies, work, process, redis, database } = figuresOf([view]);
  const tone: Tone = database.up === 0 ? 'fault' : (redis.degraded ?? 0) > 0 ? 'warning' : undefined;
  return paint(
    row(endpoint.url, [
      readableSeconds(uptime),
      readableCount(callsASecond),
      readableSeconds(latencies.createOrder.p99),
      readableCount(work.open),
      readableShare(process.cpu),
      readableBytes(process.memory),
    ]),
    tone,
  );
}

function row(name: string, values: readonly string[]): string {
  return (
    cut(name).padEnd(URL_COLUMNS) +
    NUMBER_COLUMNS.map((columns, index) => (values[index] ?? '').padStart(columns)).join('')
  );
}

function cut(name: string): string {
  return cliTruncate(name, URL_COLUMNS, { position: 'middle' });
}
