import type { CancelOrderRequest, CreateOrderRequest } from '../generated/orders/v1/order_service.ts';
import type { Fate, OrderPlan } from './order-plan.ts';

/** Under this label an order carries its key: what is kept can then be counted by key without asking the ledger. */
export const KEY_LABEL = 'simulator.key';

/** What the default rules of the processor make of it; see src/fulfilment/default-processor.ts. */
const goods: Readonly<Record<Fate, { readonly sku: string; readonly units: bigint }>> = {
  confirmed: { sku: 'tea', units: 4n },
  refusedAtOnce: { sku: 'sold-out-tea', units: 4n },
  refusedAfterAStep: { sku: 'teahouse', units: 2_000_000n },
};

export function createRequest({ customerId, fate, quantity, create }: OrderPlan): CreateOrderRequest {
  const { sku, units } = goods[fate];
  return {
    customerId,
    items: [
      { sku, quantity, unitPrice: { currencyCode: 'EUR', units, nanos: 0 } },
      { sku: 'cup', quantity: 1, unitPrice: { currencyCode: 'EUR', units: 1n, nanos: 990_000_000 } },
    ],
    note: '',
    labels: new Map([[KEY_LABEL, create.key]]),
  };
}

/** The reason is the key, so that one can see who has cancelled an order, and the proxy which call it passes on. */
export function cancelRequest(orderId: string, key: string): CancelOrderRequest {
  return { orderId, reason: key };
}
