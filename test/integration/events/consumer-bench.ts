import {
  type ConsumerTrouble,
  type EventGap,
  type OrderEvent,
  OrderEventConsumer,
  type OrderEventConsumerOptions,
} from '../../../src/client/index.ts';
import { numberIn } from './streamed-event.ts';

/** A consumer of the group `group`, with what it has seen and told. */
export interface Bench extends AsyncDisposable {
  readonly consumer: OrderEventConsumer;
  /** The numbers of the events for which `handle` was called. */
  readonly seen: readonly number[];
  readonly gaps: readonly EventGap[];
  readonly troubles: readonly ConsumerTrouble[];
}

export function startConsumer(
  url: string,
  options: Partial<OrderEventConsumerOptions> & { readonly consumer?: string } = {},
): Bench {
  const seen: number[] = [];
  const gaps: EventGap[] = [];
  const troubles: ConsumerTrouble[] = [];
  const { handle, ...rest } = options;
  const consumer = new OrderEventConsumer({
    url,
    group: 'group',
    consumer: 'a',
    retryDelayMs: 20,
    ...rest,
    handle: async (event: OrderEvent) => {
      seen.push(numberIn(event));
      await handle?.(event);
    },
    onGap: (gap) => void gaps.push(gap),
    onError: (_error, trouble) => void troubles.push(trouble),
  });
  consumer.start();
  return { consumer, seen, gaps, troubles, [Symbol.asyncDispose]: () => consumer.stop() };
}
