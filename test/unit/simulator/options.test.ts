import { expect, test } from '@jest/globals';
import { Command } from 'commander';
import { addSimulation } from '../../../src/commands/simulate.ts';
import { share, target, wholeNumber } from '../../../src/simulator/options.ts';

/** What a command line of wrong options is told. */
async function complaintAbout(...words: string[]): Promise<string> {
  let complaint = '';
  const command = addSimulation(new Command('simulate'), () => ({}))
    .exitOverride()
    .configureOutput({
      writeErr: (text) => {
        complaint += text;
      },
    });
  await expect(command.parseAsync(words, { from: 'user' })).rejects.toThrow();
  return complaint;
}

test.each([
  ['--rate', '0', 'it must be a whole number from 1 to 1000'],
  ['--rate', '1001', 'it must be a whole number from 1 to 1000'],
  ['--rate', '1.5', 'it must be a whole number from 1 to 1000'],
  ['--rate', 'fast', 'it must be a whole number from 1 to 1000'],
  ['--seconds', '3601', 'it must be a whole number from 1 to 3600'],
  ['--duplicates', '1.01', 'it must be a share from 0 to 1'],
  ['--faults', '-0.1', 'it must be a share from 0 to 1'],
  ['--cancels', '30%', 'it must be a share from 0 to 1'],
  ['--watches', 'NaN', 'it must be a share from 0 to 1'],
  ['--workers', '0', 'it must be a whole number from 1 to 16'],
  ['--kill-workers-every', '0', 'it must be a whole number from 1 to 3600'],
  ['--restart-redis', '101', 'it must be a whole number from 0 to 100'],
  ['--seed', 'a b', 'it must have 1 to 32 of'],
  ['--target', 'localhost', 'it must be host:port'],
  ['--target', 'localhost:0', 'it must be host:port'],
  ['--target', 'localhost:65536', 'it must be host:port'],
])('%s %s is refused with what would do', async (name, value, complaint) => {
  const told = await complaintAbout(`${name}=${value}`);
  expect(told).toContain(`${name} <`);
  expect(told).toContain(value);
  expect(told).toContain(complaint);
});

test.each(['--workers=3', '--kill-workers-every=3', '--restart-redis=1'])(
  'what belongs to somebody else is not broken: --target excludes %s',
  async (option) => {
    expect(await complaintAbout('--target=localhost:50051', option)).toContain('cannot be used with');
  },
);

test('values at their limits are read', () => {
  expect([wholeNumber(1, 1_000)('1'), wholeNumber(1, 1_000)('1000')]).toEqual([1, 1_000]);
  expect(['0', '1', '0.3', '.5', '1.'].map(share)).toEqual([0, 1, 0.3, 0.5, 1]);
});

test('a target is read with its brackets taken off', () => {
  expect(['127.0.0.1:1', 'orders:65535', '[::1]:50051'].map(target)).toEqual([
    { host: '127.0.0.1', port: 1 },
    { host: 'orders', port: 65_535 },
    { host: '::1', port: 50_051 },
  ]);
});
