import { defaultProcessor } from '../fulfilment/default-processor.ts';
import type { EventConsumer } from './event-consumer.ts';
import type { Evidence } from './evidence.ts';
import type { Journal } from './journal.ts';
import type { OrderDatabase } from './order-database.ts';
import type { Stage } from './stage.ts';

/** The steps of outside-processor.ts, which are those of the default one. */
const outsideSteps = defaultProcessor.steps.map(({ name }) => name);

/** Brings together what was seen and what is kept. */
export async function gatherEvidence(
  own: Stage['own'],
  journal: Journal,
  consumer: EventConsumer,
  database: OrderDatabase,
): Promise<Evidence> {
  const orders = await database.orders();
  const isOurs = new Set(orders.map(({ orderId }) => orderId));
  return {
    calls: journal.calls,
    orders,
    // A service that others use too tells of their orders as well.
    streamed: own ? consumer.seen : new Map([...consumer.seen].filter(([orderId]) => isOurs.has(orderId))),
    // Of a stream that others use too, nobody knows here what became of it.
    doubledInStream: own ? consumer.doubled : [],
    watched: journal.watches,
    outside: own && { steps: outsideSteps, effects: own.outside.effects },
  };
}
