import { afterAll, beforeAll } from '@jest/globals';
import { type OutsideWorld, startOutsideWorld } from '../../support/outside-world.ts';

/** An outside world for all tests of a file: processors in this process find it, too. */
export function useOutsideWorld(): { readonly outside: OutsideWorld } {
  let outside: OutsideWorld;
  beforeAll(async () => {
    outside = await startOutsideWorld();
    process.env['OUTSIDE_URL'] = outside.url;
  });
  afterAll(async () => {
    delete process.env['OUTSIDE_URL'];
    await outside.stop();
  });
  return {
    get outside() {
      return outside;
    },
  };
}
