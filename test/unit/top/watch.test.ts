import { EventEmitter, once } from 'node:events';
import { stripVTControlCharacters } from 'node:util';
import { expect, test } from '@jest/globals';
import { withoutColour } from '../../../src/top/tone.ts';
import { watch } from '../../../src/top/watch.ts';
import { busy } from './pages.ts';
import { endpointThat } from './served.ts';

const LEAVE = '\u001b[?1049l\u001b[?25h';

/** A terminal, and what it was told at last. */
class FakeTerminal extends EventEmitter {
  columns = 80;
  rows = 24;
  last = '';

  write(text: string): void {
    this.last = text;
    this.emit('written');
  }

  /** Waits until it is told what contains this. @returns the rows */
  async shows(text: string): Promise<readonly string[]> {
    while (!this.last.includes(text)) await once(this, 'written');
    // Before a row is written it is erased.
    return this.last.split('\u001b[2K').slice(1).map(stripVTControlCharacters);
  }
}

function page(second: number): string {
  return Object.entries(busy(second))
    .map(([series, value]) => `${series} ${value}\n`)
    .join('');
}

test('frames follow the readings and the size of the terminal, an endpoint may go and come, and at the end the screen is left', async () => {
  let isThere = true;
  let second = 0;
  await using served = await endpointThat((_, response) => {
    second += 1;
    response.writeHead(isThere ? 200 : 503).end(page(second));
  });
  const terminal = new FakeTerminal();
  const enough = new AbortController();
  const shown = watch({
    endpoints: [served.endpoint],
    intervalMs: 20,
    terminal,
    paint: withoutColour,
    enough: enough.signal,
  });
  expect(await terminal.shows('WELL')).toHaveLength(24);
  terminal.columns = 30;
  terminal.rows = 5;
  terminal.emit('resize');
  const small = await terminal.shows('WELL');
  expect(small).toHaveLength(5);
  expect(Math.max(...small.map((line) => line.length))).toBe(30);
  terminal.columns = 80;
  isThere = false;
  await terminal.shows('it answers with status 503');
  isThere = true;
  await terminal.shows('WELL');
  enough.abort();
  await shown;
  expect(terminal.last).toBe(LEAVE);
  expect(terminal.listenerCount('resize')).toBe(0);
});

test('a terminal that does not know its size is taken for one of 80x24', async () => {
  await using served = await endpointThat((_, response) => void response.end(page(1)));
  const terminal = new FakeTerminal();
  terminal.columns = 0;
  terminal.rows = 0;
  const enough = new AbortController();
  const { endpoint } = served;
  const shown = watch({ endpoints: [endpoint], intervalMs: 20, terminal, paint: withoutColour, enough: enough.signal });
  expect(await terminal.shows('WELL')).toHaveLength(24);
  enough.abort();
  await shown;
});

test('where something fails, the screen is left before that is told', async () => {
  await using served = await endpointThat((_, response) => void response.writeHead(503).end());
  const terminal = new FakeTerminal();
  const paint = () => {
    throw new Error('no paint');
  };
  const shown = watch({
    endpoints: [served.endpoint],
    intervalMs: 20,
    terminal,
    paint,
    enough: new AbortController().signal,
  });
  await expect(shown).rejects.toThrow('no paint');
  expect(terminal.last).toBe(LEAVE);
});
