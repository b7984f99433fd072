import { z } from 'zod';
import { STATE_REASON_CHARACTERS_MAX } from '../transitions.ts';
import { orderIdRule } from './read-rules.ts';
import { shortText } from './text-rules.ts';

/** The rule for cancelling an order. */
export const cancelOrderRule = z.object({ orderId: orderIdRule, reason: shortText(STATE_REASON_CHARACTERS_MAX) });
