import { z } from 'zod';
import { orderStates } from '../order.ts';
import { customerIdRule } from './draft-rule.ts';

const PAGE_SIZE_DEFAULT = 20;
const PAGE_SIZE_MAX = 100;
const PAGE_TOKEN_CHARACTERS_MAX = 512;

/** Ids are compared in lower case. */
export const orderIdRule = z.guid('It must be a UUID of 36 characters.').toLowerCase();

/** The rule for reading one order. */
export const getOrderRule = z.object({ orderId: orderIdRule });

/** The rule for following one order. */
export const watchOrderRule = z.object({ orderId: orderIdRule, afterSequence: z.number() });

/** The rule for reading a page of orders, with the states in the words of the domain. */
export const listOrdersRule = z.object({
  customerId: customerIdRule,
  states: z
    .array(z.enum(orderStates, 'It must be one of the states of an order.'))
    .max(orderStates.length, `At most ${orderStates.length} are allowed.`)
    .refine((states) => new Set(states).size === states.length, 'No state may be given twice.'),
  pageSize: z
    .number()
    .refine((size) => size <= PAGE_SIZE_MAX, `It must be at most ${PAGE_SIZE_MAX}; 0 means ${PAGE_SIZE_DEFAULT}.`)
    .transform((size) => (size === 0 ? PAGE_SIZE_DEFAULT : size)),
  pageToken: z.string().max(PAGE_TOKEN_CHARACTERS_MAX, `It has more than ${PAGE_TOKEN_CHARACTERS_MAX} characters.`),
});
