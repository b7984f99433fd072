import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from '@jest/globals';

const clock = fileURLToPath(new URL('../../torture/stage/shifted-clock.ts', import.meta.url));
const HOUR_MS = 3_600_000;
/** Between a look at the clock in the child and one in this process, on a machine that has other things to do. */
const TOLERANCE_MS = 60_000;

/** What a process with a shifted clock makes of an expression. */
async function evaluated(expression: string, shiftMs: string | undefined): Promise<unknown> {
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['--import', clock, '--input-type=module', '--eval', `console.log(JSON.stringify(await ${expression}))`],
    { env: { PATH: process.env['PATH'], TZ: 'UTC', ...(shiftMs === undefined ? {} : { CLOCK_SHIFT_MS: shiftMs }) } },
  );
  return JSON.parse(stdout);
}

const clocks = `(async () => {
  class Birthday extends Date {}
  const { now } = Date;
  const [monotonicMs, wallMs] = [performance.now(), Date.now()];
  await new Promise((resolve) => setTimeout(resolve, 50));
  return {
    times: [now(), Date.now(), new Date().getTime(), +new Date(), Date.parse(new Date().toISOString()), Date.parse(Date()),
      new Birthday().getTime(), Reflect.construct(Date, []).getTime()],
    monotonicMs,
    passedMs: { monotonic: performance.now() - monotonicMs, wall: Date.now() - wallMs },
    fixed: [new Date(0).getTime(), new Date('2020-02-02T02:02:02Z').getTime(), Date.parse('2020-02-02T02:02:02Z'),
      Date.UTC(2020, 1, 2, 2, 2, 2), new Date(2020, 1, 2, 2, 2, 2).getTime(), new Date(new Date(7)).getTime()],
    invalid: [String(new Date(undefined)), String(new Date('noon'))],
    kinds: [new Date() instanceof Date, new Date(0) instanceof Date, new Birthday() instanceof Birthday,
      new Birthday() instanceof Date, Object.prototype.toString.call(new Date()) === '[object Date]',
      {} instanceof Date, typeof Date === 'function', Date.name === 'Date', Date.length === 7,
      structuredClone(new Date(5)).getTime() === 5, JSON.stringify(new Date(0)) === '"1970-01-01T00:00:00.000Z"'],
  };
})()`;

interface Clocks {
  readonly times: readonly number[];
  readonly monotonicMs: number;
  readonly passedMs: { readonly monotonic: number; readonly wall: number };
}

const MOMENT_MS = Date.UTC(2020, 1, 2, 2, 2, 2);

test.each([
  ['30 hours late', -30 * HOUR_MS],
  ['right', 0],
  ['25 hours early', 25 * HOUR_MS],
])('a clock that is %s tells the time so, and nothing else is changed', async (_what, shiftMs) => {
  const seen = await evaluated(clocks, String(shiftMs));
  expect(seen).toMatchObject({
    fixed: [0, MOMENT_MS, MOMENT_MS, MOMENT_MS, MOMENT_MS, 7],
    invalid: ['Invalid Date', 'Invalid Date'],
    kinds: [true, true, true, true, true, false, true, true, true, true, true],
  });
  const { times, monotonicMs, passedMs } = seen as Clocks;
  expect(times).toHaveLength(8);
  for (const timeMs of times) {
    expect(Math.abs(timeMs - (Date.now() + shiftMs))).toBeLessThan(TOLERANCE_MS);
  }
  expect(monotonicMs).toBeLessThan(TOLERANCE_MS);
  for (const ms of [passedMs.monotonic, passedMs.wall]) {
    expect(ms).toBeGreaterThan(45);
    expect(ms).toBeLessThan(TOLERANCE_MS);
  }
});

test('without a shift the clock is right', async () => {
  expect(Math.abs(Number(await evaluated('Date.now()', undefined)) - Date.now())).toBeLessThan(TOLERANCE_MS);
});

test('the worker threads of a process have the shifted clock, too', async () => {
  const inThread = `new Promise(async (resolve) => {
    const { Worker } = await import('node:worker_threads');
    const source = 'import { parentPort } from "node:worker_threads"; parentPort.postMessage(Date.now());';
    new Worker(new URL('data:text/javascript,' + encodeURIComponent(source))).once('message', resolve);
  })`;
  expect(Math.abs(Number(await evaluated(inThread, String(HOUR_MS))) - HOUR_MS - Date.now())).toBeLessThan(
    TOLERANCE_MS,
  );
});
