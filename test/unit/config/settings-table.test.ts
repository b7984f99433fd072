import { describe, expect, test } from '@jest/globals';
import { describeSettings } from '../../../src/config/describe-settings.ts';
import { readableQuantity } from '../../../src/config/readable-quantity.ts';
import { settings } from '../../../src/config/settings.ts';
import { renderSettings } from '../../../src/config/settings-table.ts';
import { wrappedLines } from '../../../src/config/wrapped-lines.ts';

const env = {
  REDIS_SLOW_MS: '20',
  LOG_LEVEL: 'loud',
  DATABASE_URL: `postgres://app:geheim@db.example/${'x'.repeat(60)}`,
};

describe('the printed settings', () => {
  test('say for every value where it came from', () => {
    const sourceBy = new Map(describeSettings(env).map((setting) => [setting.variable, setting]));
    expect(sourceBy.get('REDIS_SLOW_MS')).toMatchObject({
      value: '20',
      source: 'environment',
      default: '100',
      unit: 'ms',
    });
    expect(sourceBy.get('REDIS_PREFIX')).toMatchObject({ value: 'orders', source: 'default' });
    expect(sourceBy.get('REDIS_URL')).toMatchObject({ value: null, source: 'unset', default: null, isSecret: true });
    expect(sourceBy.get('LOG_LEVEL')).toMatchObject({ value: 'loud', source: 'environment', path: 'log.level' });
  });

  test.each([60, 80, 120, 160, 240])('fit into %i columns and name every setting', (widthColumns) => {
    const printed = renderSettings(describeSettings(env), widthColumns);
    expect(Math.max(...printed.split('\n').map((line) => line.length))).toBeLessThanOrEqual(widthColumns);
    for (const { variable } of settings) expect(printed).toContain(variable);
  });

  test('stand in columns where there is room', () => {
    const [header = '', ...lines] = renderSettings(describeSettings(env), 160).split('\n');
    const line = lines.find((candidate) => candidate.startsWith('REDIS_SLOW_MS')) ?? '';
    expect(header.split(/ {2,}/)).toEqual(['Setting', 'Value', 'From', 'Unit', 'Default', 'Meaning']);
    expect(line.indexOf('20')).toBe(header.indexOf('Value'));
    expect(line.indexOf('environment')).toBe(header.indexOf('From'));
    expect(line.indexOf('100')).toBe(header.indexOf('Default'));
  });

  test('stand below each other where there is none', () => {
    expect(renderSettings(describeSettings(env), 80)).toContain(
      [
        'REDIS_SLOW_MS = 20 ms (environment; default 100)',
        '    An answer slower than this counts against the circuit, like an error. Below',
        '    the command timeout.',
      ].join('\n'),
    );
  });
});

test.each([
  ['', 5, ['']],
  ['one two three', 7, ['one two', 'three']],
  ['one two three', 80, ['one two three']],
  ['abcdefgh ij', 3, ['abc', 'def', 'gh', 'ij']],
])('%j in %i columns', (text, widthColumns, lines) => {
  expect(wrappedLines(text, widthColumns)).toEqual(lines);
});

test.each([
  ['604800000', 'ms', '7 d'],
  ['60000', 'ms', '1 min'],
  ['90000', 'ms', '90 s'],
  ['250', 'ms', undefined],
  ['1500', 'ms', undefined],
  ['0', 'ms', undefined],
  ['1048576', 'bytes', '1 MiB'],
  ['262144', 'bytes', '256 KiB'],
  ['1000', 'calls', undefined],
])('%s %s reads as %s', (amount, unit, readable) => {
  expect(readableQuantity(amount, unit)).toBe(readable);
});
