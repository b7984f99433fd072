import { expect, test } from '@jest/globals';
import { type Instrument, instrumentKeys, instruments } from '../../../src/telemetry/instruments.ts';
import { namesIn, readPage, tableIn } from './document-tables.ts';

test('the page of metrics has the table of the code, as Prometheus sees it', () => {
  const rows = tableIn(readPage('metrics.md'), 'Instruments ⚙');
  const table = instrumentKeys.map((key) => {
    const { name, kind, unit, meaning, attributes = {} }: Instrument = instruments[key];
    const isCounter = kind === 'counter' || kind === 'total';
    return [
      [`${name.replaceAll('.', '_')}${isCounter ? '_total' : ''}`],
      isCounter ? 'counter' : kind,
      [unit],
      Object.keys(attributes).map((label) => label.replaceAll('.', '_')),
      meaning,
    ];
  });
  expect(
    rows.map(([name, kind, unit, labels, meaning]) => [namesIn(name), kind, namesIn(unit), namesIn(labels), meaning]),
  ).toEqual(table);
});

test('of a name of OpenTelemetry there is one instrument', () => {
  const names = instrumentKeys.map((key) => instruments[key].name);
  expect(names).toHaveLength(new Set(names).size);
});
