import { expect, test } from '@jest/globals';
import { OptionFault } from '../../../src/simulator/options.ts';
import { allFaults, readFaults } from '../../torture/faults/all-faults.ts';

const namesIn = (text: string) => readFaults(text).map(({ name }) => name);

test('a fault is read by its name', () => {
  expect(namesIn('redis-flushed')).toEqual(['redis-flushed']);
});

test('some faults are read in the order in which they are named', () => {
  expect(namesIn('postgres-killed,redis-flushed')).toEqual(['postgres-killed', 'redis-flushed']);
});

test.each(['servers', 'redis', 'postgres', 'clients'])('a lane stands for all its faults: %s', (lane) => {
  const faults = readFaults(lane);
  expect(faults.length).toBeGreaterThan(2);
  expect(faults).toEqual(allFaults.filter((fault) => fault.lane === lane));
});

test('all lanes together are all faults', () => {
  expect(new Set(readFaults('servers,redis,postgres,clients'))).toEqual(new Set(allFaults));
});

test('no two faults, and no fault and lane, have one name', () => {
  const names = [...allFaults.map(({ name }) => name), ...new Set(allFaults.map(({ lane }) => lane))];
  expect(new Set(names).size).toBe(names.length);
});

test.each(['', 'earthquake', 'redis,earthquake', 'redis,', 'Redis', 'redis-flushed redis-full', 'everything-killed'])(
  '%j is refused with what there is',
  (text) => {
    expect(() => readFaults(text)).toThrow(OptionFault);
    expect(() => readFaults(text)).toThrow(
      / is no fault\. There are: servers, redis, postgres, clients, server-killed, /,
    );
  },
);

test('the one that is unknown is named', () => {
  expect(() => readFaults('redis,earthquake')).toThrow(/^"earthquake" is no fault/);
});
