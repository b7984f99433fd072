import { afterEach } from '@jest/globals';

/** Gives a function that notes what to undo after the test, last first, whether the test passes or not. */
export function useCleanUp(): (undo: () => Promise<unknown>) => void {
  const undos: (() => Promise<unknown>)[] = [];
  afterEach(async () => {
    for (const undo of undos.splice(0).reverse()) await undo();
  });
  return (undo) => undos.push(undo);
}
