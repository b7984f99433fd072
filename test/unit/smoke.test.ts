import { describe, expect, test } from '@jest/globals';
import { OrderState } from '../../src/generated/orders/v1/order.ts';
describe('x', () => { test('y', () => { const a: number = OrderState.ORDER_STATE_PENDING; expect(a).toBe(1); expect(process.version).toMatch(/^v26/); }); });
