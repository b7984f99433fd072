import { setTimeout as sleep } from 'node:timers/promises';
import type { Endpoint } from './endpoint.ts';
import { COLUMNS_DEFAULT, frame } from './frame.ts';
import { History } from './history.ts';
import { readEndpoint } from './read-endpoint.ts';
import { withoutColour } from './tone.ts';
import type { View } from './view.ts';

export interface PrintOptions {
  readonly endpoints: readonly Endpoint[];
  readonly intervalMs: number;
  readonly output: { write(text: string): unknown; readonly columns?: number | undefined };
  readonly complaints: { write(text: string): unknown };
}

/** Prints one frame, of two readings. @returns the exit code: 1 if an endpoint could not be read, each of which is told why */
export async function printOnce({ endpoints, intervalMs, output, complaints }: PrintOptions): Promise<0 | 1> {
  const history = new History(endpoints);
  const readViews = async () =>
    history.add(await Promise.all(endpoints.map((endpoint) => readEndpoint(endpoint))), performance.now());
  let views = await readViews();
  if (views.some(isRead)) {
    await sleep(intervalMs);
    views = await readViews();
  }
  if (views.some(isRead)) {
    const columns = output.columns || COLUMNS_DEFAULT;
    const { lastMinute } = history;
    const lines = frame({ views, lastMinute, now: Date.now(), columns, rows: Infinity, paint: withoutColour });
    output.write(`${lines.join('\n')}\n`);
  }
  for (const { endpoint, latest } of views) {
    if (latest.kind === 'unread') {
      complaints.write(`${endpoint.url} cannot be read: ${latest.problem}\n-> ${latest.advice}\n`);
    }
  }
  return views.every(isRead) ? 0 : 1;
}

function isRead({ latest }: View): boolean {
  return latest.kind === 'read';
}
