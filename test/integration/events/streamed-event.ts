import type { Redis } from 'ioredis';
import { toStreamFields } from '../../../src/events/stream-entry.ts';
import type { NumberedEvent } from '../../../src/orders/order-event.ts';

/** The first event of an order of its own, which is named after the number. */
export function streamedEvent(number: number): NumberedEvent {
  const orderId = `00000000-0000-7000-8000-${String(number).padStart(12, '0')}`;
  const time = new Date(1_700_000_000_000 + number);
  return { number: BigInt(number), orderId, sequence: 1, previousState: undefined, state: 'PENDING', reason: '', time };
}

/** The events from one number to another, as the relay publishes them. */
export async function publish(redis: Redis, from: number, to = from): Promise<void> {
  for (let number = from; number <= to; number += 1) {
    await redis.xadd('orders.events', `${number}-0`, ...toStreamFields(streamedEvent(number)));
  }
}

/** The number that an event's order is named after. */
export function numberIn({ subject }: { readonly subject: string }): number {
  return Number(subject.slice(-12));
}

export function numbers(from: number, to: number): number[] {
  return Array.from({ length: to - from + 1 }, (_, index) => from + index);
}
