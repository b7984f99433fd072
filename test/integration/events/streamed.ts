import type { Redis } from 'ioredis';
import type { EventRows, NumberedId } from './event-rows.ts';

/** What the stream has: the number and the event's id of each entry. */
export async function streamed(redis: Redis): Promise<readonly NumberedId[]> {
  const entries = await redis.xrange('orders.events', '-', '+').catch(() => []);
  return entries.map(([entryId, fields]) => ({
    number: Number(entryId.split('-')[0]),
    id: fields[fields.indexOf('id') + 1] ?? '',
  }));
}

/** Whether the stream has so many events, and exactly those of the database, under their numbers. */
export async function isMirrored(redis: Redis, rows: Pick<EventRows, 'numbered'>, count: number): Promise<boolean> {
  const [inStream, inDatabase] = [await streamed(redis), await rows.numbered()];
  return inStream.length === count && JSON.stringify(inStream) === JSON.stringify(inDatabase);
}

/** The sequences of each order, in the order in which its events stand in the stream. */
export function sequencesByOrder(events: readonly NumberedId[]): ReadonlyMap<string, readonly number[]> {
  const orders = new Map<string, number[]>();
  for (const { id } of events) {
    const [orderId = '', sequence] = id.split('/');
    orders.set(orderId, [...(orders.get(orderId) ?? []), Number(sequence)]);
  }
  return orders;
}
