import { z } from 'zod';
import { OrderState } from '../generated/orders/v1/order.ts';
import type { OrderEvent } from '../generated/orders/v1/order_event.ts';

export type ReadEntry =
  | { readonly kind: 'event'; readonly event: OrderEvent }
  /** The entry is no event of ours, for this reason. */
  | { readonly kind: 'notAnEvent'; readonly reason: string };

/** The id under which the relay publishes an event: its number. */
const ID_FORM = /^(\d{1,19})-0$/;

const MS_PER_SECOND = 1_000;
const NANOS_PER_MS = 1_000_000;

/** The name of a state that this version does not know comes from a newer service: the event's type says what it was. */
const stateRule = z
  .string()
  .regex(/^ORDER_STATE_[A-Z_]+$/)
  .transform((name) => Object.entries(OrderState).find(([known]) => known === name)?.[1] ?? OrderState.UNRECOGNIZED);

const dataRule = z.object({
  orderId: z.string(),
  previousState: stateRule,
  state: stateRule,
  reason: z.string(),
});

const jsonRule = z.string().transform((text, context): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    context.addIssue('is no JSON');
    return z.NEVER;
  }
});

const timeRule = z.iso.datetime({ offset: true }).transform((text) => {
  const ms = Date.parse(text);
  const seconds = Math.floor(ms / MS_PER_SECOND);
  return { seconds: BigInt(seconds), nanos: (ms - seconds * MS_PER_SECOND) * NANOS_PER_MS };
});

const entryRule = z
  .object({
    id: z.string(),
    source: z.literal('/orders.v1.OrderService'),
    specversion: z.literal('1.0'),
    type: z.string().startsWith('orders.v1.order.'),
    subject: z.string().min(1),
    time: timeRule,
    sequence: z
      .string()
      .regex(/^[1-9]\d{0,8}$/)
      .transform(Number),
    data: jsonRule.pipe(dataRule),
    traceparent: z.string().default(''),
  })
  .refine(({ id, subject, sequence }) => id === `${subject}/${sequence}`, 'id is not <subject>/<sequence>')
  .refine(({ subject, data }) => data.orderId === subject, 'data is about another order than subject');

/** The number in an entry's id; undefined if it is not one of the relay's. */
export function numberOf(entryId: string): bigint | undefined {
  const [, digits] = ID_FORM.exec(entryId) ?? [];
  return digits === undefined ? undefined : BigInt(digits);
}

/** Reads the fields of an entry: names and values in turn, as the service's relay writes them. Fields it does not know are ignored. */
export function readEntry(fields: readonly string[]): ReadEntry {
  const pairs = fields.flatMap((name, at) => (at % 2 === 0 ? [[name, fields[at + 1]] as const] : []));
  const parsed = entryRule.safeParse(Object.fromEntries(pairs));
  if (!parsed.success) {
    const reasons = parsed.error.issues.map(({ path, message }) => [...path, message].join(' '));
    return { kind: 'notAnEvent', reason: reasons.join('; ') };
  }
  const { specversion, traceparent, ...attributes } = parsed.data;
  return { kind: 'event', event: { ...attributes, specVersion: specversion, traceParent: traceparent } };
}
