import { afterAll, beforeAll } from '@jest/globals';
import { startTestService, type TestService } from '../../support/order-service.ts';
import { type OpenStores, openStores } from './stores.ts';

/** A service and its stores for all tests of a file; both are there once the first test runs. */
export interface OrderService {
  readonly stores: OpenStores;
  readonly service: TestService;
}

export function useOrderService(): OrderService {
  let stores: OpenStores;
  let service: TestService;
  beforeAll(async () => {
    stores = await openStores();
    service = await startTestService(stores);
  }, 60_000);
  afterAll(async () => {
    await service.stop();
    await stores.close();
  }, 60_000);
  return {
    get stores() {
      return stores;
    },
    get service() {
      return service;
    },
  };
}
