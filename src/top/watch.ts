import { setTimeout as sleep } from 'node:timers/promises';
import type { Endpoint } from './endpoint.ts';
import { EndpointReader } from './endpoint-reader.ts';
import { COLUMNS_DEFAULT, frame, ROWS_DEFAULT } from './frame.ts';
import { History } from './history.ts';
import { Screen, type TerminalOutput } from './screen.ts';
import type { Paint } from './tone.ts';
import type { View } from './view.ts';

/** A terminal whose size may change. */
export interface Terminal extends TerminalOutput {
  on(event: 'resize', listener: () => void): unknown;
  off(event: 'resize', listener: () => void): unknown;
}

export interface WatchOptions {
  readonly endpoints: readonly Endpoint[];
  readonly intervalMs: number;
  readonly terminal: Terminal;
  readonly paint: Paint;
  /** Aborted when it is enough. */
  readonly enough: AbortSignal;
}

/** Shows how things go, until it is enough; then the terminal is as it was. What cannot be read is told, and tried again. */
export async function watch({ endpoints, intervalMs, terminal, paint, enough }: WatchOptions): Promise<void> {
  const history = new History(endpoints);
  const readers = endpoints.map((endpoint) => new EndpointReader(endpoint, enough));
  let views: readonly View[] = [];
  using screen = new Screen(terminal);
  const draw = () => {
    // A terminal that does not know its size says that it is 0.
    const size = { columns: terminal.columns || COLUMNS_DEFAULT, rows: terminal.rows || ROWS_DEFAULT };
    const { lastMinute } = history;
    screen.draw(
      views.length === 0
        ? ['reading …']
        : frame({ views, lastMinute, now: Date.now(), hint: 'q quits', ...size, paint }),
    );
  };
  using listening = new DisposableStack();
  // Of what nobody waits for, Node prints what has failed: on a screen that stays.
  const giveBack = () => screen[Symbol.dispose]();
  process.on('uncaughtExceptionMonitor', giveBack);
  listening.defer(() => process.off('uncaughtExceptionMonitor', giveBack));
  terminal.on('resize', draw);
  listening.defer(() => terminal.off('resize', draw));
  draw();
  let dueMs = performance.now();
  while (!enough.aborted) {
    const results = await Promise.all(readers.map((reader) => reader.next(intervalMs)));
    if (enough.aborted) {
      return;
    }
    views = history.add(results, performance.now());
    draw();
    dueMs = Math.max(dueMs + intervalMs, performance.now());
    await sleep(Math.max(0, dueMs - performance.now()), undefined, { signal: enough }).catch(() => {});
  }
}
