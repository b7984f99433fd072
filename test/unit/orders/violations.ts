import type { CreateOrderRequest } from '../../../src/generated/orders/v1/order_service.ts';
import { type FieldViolation, OrderError } from '../../../src/orders/errors.ts';
import { checkRequest } from '../../../src/orders/validation/check-request.ts';
import { draftRule } from '../../../src/orders/validation/draft-rule.ts';

/** What is wrong with an order to be placed; nothing if it is right. */
export function violationsOf(request: CreateOrderRequest): readonly FieldViolation[] {
  return violationsBy(() => checkRequest(draftRule, request));
}

export function fieldsOf(request: CreateOrderRequest): string[] {
  return violationsOf(request).map(({ field }) => field);
}

/** What a check finds wrong; any error but a refusal is passed on. */
export function violationsBy(check: () => unknown): readonly FieldViolation[] {
  try {
    check();
    return [];
  } catch (error) {
    if (error instanceof OrderError) return error.violations;
    throw error;
  }
}
