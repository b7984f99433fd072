import { expect, test } from '@jest/globals';
import { parseExposition } from '../../../src/top/exposition.ts';

/** Name, labels and value of each sample. */
function samples(text: string): unknown {
  const parsed = parseExposition(text);
  return parsed.ok
    ? [...parsed.exposition].flatMap(([name, series]) =>
        [...series.values()].map(({ labels, value }) => [name, Object.fromEntries(labels), value]),
      )
    : `line ${parsed.lineNumber}: ${parsed.line}`;
}

test('names, labels and values are read; comments, blank lines and timestamps are passed over', () => {
  const text = `# HELP calls What was called.
# TYPE calls counter
calls{method="a/b",code="OK"} 12 1764300000000

up 1
\trate{} 1.5e-3\r
`.replace('\t', '');
  expect(samples(text)).toEqual([
    ['calls', { method: 'a/b', code: 'OK' }, 12],
    ['up', {}, 1],
    ['rate', {}, 0.0015],
  ]);
});

test('escapes, braces, commas and blanks within a label are a part of its value', () => {
  expect(samples(String.raw`a{one="\\ \" \n",two="} 5, x=",} 7`)).toEqual([
    ['a', { one: '\\ " \n', two: '} 5, x=' }, 7],
  ]);
  expect(samples('a { one = "1" , two="2" } 7')).toEqual([['a', { one: '1', two: '2' }, 7]]);
});

test('NaN and the infinities are values', () => {
  expect(samples('a NaN\nb +Inf\nc -Inf')).toEqual([
    ['a', {}, Number.NaN],
    ['b', {}, Number.POSITIVE_INFINITY],
    ['c', {}, Number.NEGATIVE_INFINITY],
  ]);
});

test('labels in another order are the same series', () => {
  expect(samples('a{x="1",y="2"} 1\na{y="2",x="1"} 2')).toEqual([['a', { y: '2', x: '1' }, 2]]);
});

test.each([
  '<!doctype html>',
  '{"status": "ok"}',
  'a',
  'a{x="1"}',
  'a{x="1} 5',
  'a{x=1} 5',
  'a{x="1" y="2"} 5',
  'a five',
  'a 5 soon',
  'idempotency_outcomes_total{outcome="exec',
])('%s is refused, with its line', (line) => {
  expect(samples(`up 1\n${line}`)).toBe(`line 2: ${line}`);
});

test('a line of many braces and quotes is refused in time', () => {
  expect(samples(`a{${'"} '.repeat(300_000)}`)).toMatch(/^line 1/);
  expect(samples(`a{${'x="",'.repeat(300_000)}`)).toMatch(/^line 1/);
});
