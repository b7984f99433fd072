import { callMutants } from './call-mutants.ts';
import { ledgerMutants } from './ledger-mutants.ts';
import type { Mutant } from './mutant.ts';
import { redisMutants } from './redis-mutants.ts';

/** No mistake at all: whoever finds something here finds too much. */
export const control: Mutant = {
  name: 'nothing-planted',
  what: 'the source as it is',
  changes: [],
  faults: 'servers,redis,postgres,clients',
};

export const allMutants: readonly Mutant[] = [...callMutants, ...redisMutants, ...ledgerMutants];
