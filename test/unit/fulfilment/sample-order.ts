import type { Order } from '../../../src/orders/order.ts';

const placedAt = new Date('2026-01-02T03:04:05.678Z');

/** An order as it was placed, but for what a test changes. */
export function sampleOrder(changes: Partial<Order> = {}): Order {
  return {
    orderId: '017f22e2-79b0-7cc3-98c4-dc0c0c07398f',
    customerId: 'customer',
    items: [{ sku: 'tea', quantity: 2, unitPrice: { currency: 'EUR', units: 4n, nanos: 500_000_000 } }],
    total: { currency: 'EUR', units: 9n, nanos: 0 },
    note: '',
    labels: new Map(),
    state: 'PENDING',
    stateReason: '',
    sequence: 1,
    createTime: placedAt,
    updateTime: placedAt,
    ...changes,
  };
}
