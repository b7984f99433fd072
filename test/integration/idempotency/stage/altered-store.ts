import type { Store } from '../../../../src/idempotency/index.ts';
import type { EchoService } from '../../../support/echo-service.ts';

/** The real store of a service, apart from what is given: so a test has Redis lose, delay or distort something. */
export function alteredStore({ store }: EchoService, alteration: Partial<Store>): Store {
  if (store === undefined) {
    throw new Error('this service has no Redis');
  }
  return {
    newClaim: (record) => store.newClaim(record),
    begin: (claim) => store.begin(claim),
    renew: (claim) => store.renew(claim),
    settle: (claim, outcome, timeToLiveMs) => store.settle(claim, outcome, timeToLiveMs),
    release: (claim) => store.release(claim),
    watch: (id) => store.watch(id),
    ...alteration,
  };
}
