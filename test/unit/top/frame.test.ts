import { stripVTControlCharacters } from 'node:util';
import { expect, test } from '@jest/globals';
import { inColour } from '../../../src/top/tone.ts';
import { busy, changesTo, errorsBy, gone, idle, linesOf, outcome, readsBy, seen } from './pages.ts';

const text = (lines: readonly string[]) => `\n${lines.join('\n')}\n`;

/** Without Redis for the first time, since a minute and some seconds. */
const degraded = (seconds: number) => ({
  ...busy(seconds),
  idempotency_degraded: 1,
  idempotency_circuit_open: 1,
  idempotency_degraded_time_total: 65 + seconds,
  [changesTo('open')]: 1,
  [errorsBy('connection')]: 2 * seconds,
  [readsBy('unavailable')]: 1_500 * seconds,
  orders_dead_letters: 2,
});

test('a busy service at 80x24', () => {
  expect(text(linesOf(seen([idle], [busy(1)], [busy(2)])))).toBe(`
order service  http://127.0.0.1:9464/metrics  up 5 min         03:14:15  q quits
WELL: PostgreSQL and Redis are there, and nothing is late.

OUTCOMES   executed  replayed    waited  mismatch    failed  released  takeover
per s         1.2 k       250        12         0         0         1         0
in all        2.5 k       500        24         3         0         2         0
minute                                                             ██  max 1.5 k

LATENCY            p50     p99  per s  CALLS    open         17  oldest   3.4 ms
CreateOrder       1 ms  4.9 ms  1.5 k           running      12  waiting       5
begin (Redis)   213 µs  493 µs  1.5 k
commit (SQL)      1 ms  2.5 ms     40  REDIS    circuit  closed  degraded    0 s
complete         50 µs   99 µs  1.2 k  DATABASE up          yes  waiting       0
wait             60 ms    28 s     12           used          6  idle          4

ERRORS OF REDIS, per s                 QUEUE    due           3  delayed       0
timeout         0   connection      0           running       8  oldest    12 ms
refused         0   reply           0           workers       2  set aside     0
                                       EVENTS   behind       31  lag       40 ms
READS OF THE LEDGER INSTEAD, per s     LEDGER   rows       83 k  oldest     23 h
unavailable     0   askLedger       0           overdue     0 s  doubled       0
takeover        0   mismatch        0
frozen          0   conflict        0  PROCESS  CPU        80 %  memory  512 MiB
                                                loop p99  11 ms  loop busy  71 %
`);
});

test('a service without Redis at 80x24', () => {
  expect(text(linesOf(seen([degraded(1)], [degraded(2)])))).toBe(`
order service  http://127.0.0.1:9464/metrics  up 5 min         03:14:15  q quits
DEGRADED: calls go without Redis since 03:13:08, 67 s: right, but slower.
-> npm run doctor; docs/operations.md. Also: 2 orders set aside.
OUTCOMES   executed  replayed    waited  mismatch    failed  released  takeover
per s         1.2 k       250        12         0         0         1         0
in all        2.5 k       500        24         3         0         2         0
minute                                                              █  max 1.5 k

LATENCY            p50     p99  per s  CALLS    open         17  oldest   3.4 ms
CreateOrder       1 ms  4.9 ms  1.5 k           running      12  waiting       5
begin (Redis)   213 µs  493 µs  1.5 k
commit (SQL)      1 ms  2.5 ms     40  REDIS    circuit    open  degraded   67 s
complete         50 µs   99 µs  1.2 k  DATABASE up          yes  waiting       0
wait             60 ms    28 s     12           used          6  idle          4

ERRORS OF REDIS, per s                 QUEUE    due           3  delayed       0
timeout         0   connection      2           running       8  oldest    12 ms
refused         0   reply           0           workers       2  set aside     2
                                       EVENTS   behind       31  lag       40 ms
READS OF THE LEDGER INSTEAD, per s     LEDGER   rows       83 k  oldest     23 h
unavailable 1.5 k   askLedger       0           overdue     0 s  doubled       0
takeover        0   mismatch        0
frozen          0   conflict        0  PROCESS  CPU        80 %  memory  512 MiB
                                                loop p99  11 ms  loop busy  71 %
`);
});

test('what cannot be read has no figures', () => {
  expect(text(linesOf(seen([gone])))).toBe(`
order service  http://127.0.0.1:9464/metrics  up –             03:14:15  q quits
CANNOT BE READ: http://127.0.0.1:9464/metrics: nothing listens there.
-> start the service.
OUTCOMES   executed  replayed    waited  mismatch    failed  released  takeover
per s             –         –         –         –         –         –         –
in all            –         –         –         –         –         –         –
minute                                                                     max –

LATENCY            p50     p99  per s  CALLS    open          –  oldest        –
CreateOrder          –       –      –           running       –  waiting       –
begin (Redis)        –       –      –
commit (SQL)         –       –      –  REDIS    circuit       –  degraded      –
complete             –       –      –  DATABASE up            –  waiting       –
wait                 –       –      –           used          –  idle          –

ERRORS OF REDIS, per s                 QUEUE    due           –  delayed       –
timeout         –   connection      –           running       –  oldest        –
refused         –   reply           –           workers       –  set aside     –
                                       EVENTS   behind        –  lag           –
READS OF THE LEDGER INSTEAD, per s     LEDGER   rows          –  oldest        –
unavailable     –   askLedger       –           overdue       –  doubled       –
takeover        –   mismatch        –
frozen          –   conflict        –  PROCESS  CPU           –  memory        –
                                                loop p99      –  loop busy     –
`);
});

test('where there is room: more outcomes, and a line for each process', () => {
  const known = seen([idle, idle, idle], [busy(1), { ...busy(1), [outcome('given_up')]: 1, database_up: 0 }, gone]);
  expect(text(linesOf(known, { columns: 110, rows: 40 }))).toBe(`
order service  3 endpoints  up 5 min                                                         03:14:15  q quits
DATABASE GONE: no order can be placed or read (1 of 2 processes).
-> npm run doctor; docs/operations.md. Also: 1 of 3 endpoints cannot be read.
OUTCOMES   executed  replayed    waited  mismatch    failed  released  takeover  given up      lost    faults
per s         2.5 k       500        24         6         0         2         0         1         0         –
in all        2.5 k       500        24         6         0         2         0         1         0         –
minute                                                              █    max 3 k

LATENCY            p50     p99  per s  CALLS    open         34  oldest   3.4 ms
CreateOrder       1 ms  4.9 ms    3 k           running      24  waiting      10
begin (Redis)   213 µs  493 µs    3 k
commit (SQL)      1 ms  2.5 ms     80  REDIS    circuit  closed  degraded    0 s
complete         50 µs   99 µs  2.5 k  DATABASE up       1 of 2  waiting       0
wait             60 ms    28 s     24           used         12  idle          8

ERRORS OF REDIS, per s                 QUEUE    due           3  delayed       0
timeout         0   connection      0           running       8  oldest    12 ms
refused         0   reply           0           workers       2  set aside     0
                                       EVENTS   behind       31  lag       40 ms
READS OF THE LEDGER INSTEAD, per s     LEDGER   rows       83 k  oldest     23 h
unavailable     0   askLedger       0           overdue     0 s  doubled       0
takeover        0   mismatch        0
frozen          0   conflict        0  PROCESS  CPU       160 %  memory    1 GiB
                                                loop p99  11 ms  loop busy  71 %

ENDPOINTS                                 up  per s     p99  open   CPU   memory
http://127.0.0.1:9464/metrics          5 min  1.5 k  4.9 ms    17  80 %  512 MiB
http://127.0.0.1:9465/metrics          5 min  1.5 k  4.9 ms    17  80 %  512 MiB
http://127.0.0.1:9466/metrics         nothing listens there
`);
  expect(linesOf(known, { columns: 110, rows: 28 })).toHaveLength(24);
  expect(linesOf(known, { columns: 110, rows: 29 })).toHaveLength(29);
});

test('a terminal that is small gets what matters most, cut off at its edges', () => {
  expect(text(linesOf(seen([degraded(1)], [degraded(2)]), { columns: 40, rows: 8 }))).toBe(`
order service  http://127.0.0.1:9464/me…
DEGRADED: calls go without Redis since …
-> npm run doctor; docs/operations.md. …
OUTCOMES   executed  replayed    waited…
per s         1.2 k       250        12…
in all        2.5 k       500        24…
minute                                 …

`);
  for (const [columns, rows] of [
    [1, 1],
    [79, 23],
    [20, 50],
  ] as const) {
    const lines = linesOf(seen([idle, gone], [busy(1), gone]), { columns, rows, paint: inColour });
    expect(lines.length).toBeLessThanOrEqual(rows);
    expect(Math.max(...lines.map((line) => stripVTControlCharacters(line).length))).toBeLessThanOrEqual(columns);
  }
});

test('the minute fills from the right, and no more than a minute is kept', () => {
  const rounds = Array.from({ length: 100 }, (_, second) => [busy(second)]);
  const minuteOf = (count: number) => linesOf(seen(...rounds.slice(0, count)))[6];
  expect(minuteOf(4)).toBe(`minute   ${'███'.padStart(60)}  max 1.5 k`);
  expect(minuteOf(100)).toBe(`minute   ${'█'.repeat(60)}  max 1.5 k`);
});

test('only what is wrong has a colour, and colours move nothing', () => {
  const known = seen([degraded(1)], [degraded(2)]);
  const coloured = linesOf(known, { paint: inColour });
  expect(coloured.map(stripVTControlCharacters)).toEqual(linesOf(known));
  const pieces = coloured.join('\n').split('\u001b[').slice(1);
  const painted = pieces
    .filter((piece) => !piece.startsWith('39m'))
    .map((piece) => piece.split('m', 1).concat(piece.replace(/^\d+m/, '')));
  expect(painted).toEqual([
    ['33', 'DEGRADED: calls go without Redis since 03:13:08, 67 s: right, but slower.'],
    ['33', 'open'],
    ['33', '67 s'],
    ['33', '2'],
    ['33', '2'],
  ]);
  expect(linesOf(seen([idle], [busy(1)]), { paint: inColour }).join('')).not.toContain('\u001b');
  expect(linesOf(seen([gone]), { paint: inColour })[1]).toContain('\u001b[31mCANNOT BE READ');
});
