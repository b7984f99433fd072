import { type Client, Metadata, type status } from '@grpc/grpc-js';
import { OrderServiceService, WatchOrderResponse } from '../../src/generated/orders/v1/order_service.ts';
import { fromStateMessage } from '../../src/transport/order-messages.ts';
import { detailsIn } from '../unit/transport/details.ts';

/** An open WatchOrder, and all that its caller has seen of it. */
export interface WatchCall extends Disposable {
  /** What was read so far, as the contract has it. */
  readonly seen: readonly WatchOrderResponse[];
  /** The same in a few words: `order 1 PENDING`, `event 2 PROCESSING`. */
  readonly story: readonly string[];
  /** Resolves when so many messages have been read; fails if the stream ends before. */
  read(count: number): Promise<void>;
  /** Resolves with the status, whatever it is, once everything before it has been read. */
  readonly ended: Promise<WatchEnd>;
  /** Stops reading: what comes stays on the way. */
  pause(): void;
  resume(): void;
  cancel(): void;
}

export interface WatchEnd {
  readonly code: status;
  readonly message: string;
  readonly headers: Metadata | undefined;
  readonly trailers: Metadata;
  /** google.rpc.Status; undefined if the server has sent none. */
  readonly details: ReturnType<typeof detailsIn> | undefined;
}

export interface WatchOptions {
  readonly afterSequence?: number;
  readonly metadata?: Metadata;
  readonly deadlineMs?: number;
}

/** Opens a WatchOrder, which never rejects: its status is a result like any other. */
export function watchOrder(client: Client, orderId: string, options: WatchOptions = {}): WatchCall {
  const { afterSequence = 0, metadata = new Metadata(), deadlineMs } = options;
  const { path, requestSerialize } = OrderServiceService.watchOrder;
  const decode = (bytes: Buffer) => WatchOrderResponse.decode(bytes);
  const limit = deadlineMs === undefined ? {} : { deadline: Date.now() + deadlineMs };
  const request = { orderId, afterSequence };
  const stream = client.makeServerStreamRequest(path, requestSerialize, decode, request, metadata, limit);
  const seen: WatchOrderResponse[] = [];
  const onNews = new Set<() => void>();
  const tell = () => {
    for (const listener of onNews) listener();
  };
  let headers: Metadata | undefined;
  let hasEnded = false;
  stream.on('metadata', (received) => {
    headers = received;
  });
  stream.on('data', (message: WatchOrderResponse) => {
    seen.push(message);
    tell();
  });
  // The status says it, too.
  stream.on('error', () => {});
  const ended = new Promise<WatchEnd>((resolve) => {
    stream.on('status', ({ code, details: message, metadata: trailers }) => {
      hasEnded = true;
      const hasDetails = trailers.get('grpc-status-details-bin').length > 0;
      resolve({ code, message, headers, trailers, details: hasDetails ? detailsIn(trailers) : undefined });
      tell();
    });
  });
  const read = (count: number) =>
    new Promise<void>((resolve, reject) => {
      const listener = () => {
        if (seen.length < count && !hasEnded) return;
        onNews.delete(listener);
        if (seen.length >= count) resolve();
        else reject(new Error(`the stream has ended after ${seen.length} of ${count} messages`));
      };
      onNews.add(listener);
      listener();
    });
  const cancel = () => stream.cancel();
  return {
    seen,
    get story() {
      return seen.map(inWords);
    },
    read,
    ended,
    pause: () => void stream.pause(),
    resume: () => void stream.resume(),
    cancel,
    [Symbol.dispose]: cancel,
  };
}

function inWords({ news }: WatchOrderResponse): string {
  const [sequence, state] =
    news?.$case === 'event' ? [news.value.sequence, news.value.data?.state] : [news?.value.sequence, news?.value.state];
  return `${news?.$case} ${sequence} ${fromStateMessage(state ?? 0)}`;
}
