import { OptionFault } from '../../../src/simulator/options.ts';
import { clientFaults } from './client-faults.ts';
import type { Fault } from './fault.ts';
import { postgresFaults } from './postgres-faults.ts';
import { redisFaults } from './redis-faults.ts';
import { serverFaults } from './server-faults.ts';

export const allFaults: readonly Fault[] = [...serverFaults, ...redisFaults, ...postgresFaults, ...clientFaults];

/** Reads names of faults, or of lanes, separated by commas. @throws OptionFault */
export function readFaults(text: string): readonly Fault[] {
  return text.split(',').flatMap((name) => {
    const found = allFaults.filter((fault) => fault.name === name || fault.lane === name);
    if (found.length === 0) {
      const names = allFaults.map((fault) => fault.name).join(', ');
      throw new OptionFault(
        `${JSON.stringify(name)} is no fault. There are: servers, redis, postgres, clients, ${names}`,
      );
    }
    return found;
  });
}
