import type { OrderState } from '../../src/orders/order.ts';

/** One call as its caller has lived it. Times are milliseconds since the run began, on the caller's monotonic clock. */
export interface CallEvent {
  readonly kind: 'call';
  /** What the call is about. All calls with one record must have one outcome. */
  readonly record: string;
  readonly method: 'create' | 'cancel';
  readonly client: number;
  /** Tells the requests under one key apart; it stands in the order, too. */
  readonly request: string;
  /** The order that a cancellation is about. */
  readonly wanted?: string;
  /** How many items the order is to have; 0 for a cancellation. */
  readonly items: number;
  readonly server: string;
  readonly startMs: number;
  readonly endMs: number;
  /** The name of the gRPC status code. */
  readonly code: string;
  /** The reason in the error's details, else the code's name. */
  readonly reason: string;
  readonly message: string;
  /** Of the answer's bytes, or of code, message and details. */
  readonly hash: string;
  readonly isReplay: boolean;
  /** The order in an OK answer, and the request that stands in it. */
  readonly orderId: string | undefined;
  readonly answeredRequest: string | undefined;
}

/** A record whose last call had no answer when nothing was broken any more, and there had been time enough. */
export interface DeadKeyEvent {
  readonly kind: 'deadKey';
  readonly record: string;
  readonly waitedMs: number;
}

export interface FaultEvent {
  readonly kind: 'fault';
  readonly fault: string;
  readonly what: string;
  readonly startMs: number;
  readonly endMs: number;
}

/** What is left when everything should be at rest. */
export interface LeftEvent {
  readonly kind: 'left';
  readonly what: string;
  readonly count: number;
  /** More than this is a leak. */
  readonly allowed: number;
}

/** An order as it is in the database. */
export interface OrderRow {
  readonly kind: 'order';
  readonly orderId: string;
  readonly record: string;
  /** The request that placed it. */
  readonly request: string;
  readonly state: OrderState;
  readonly sequence: number;
  readonly items: number;
  readonly events: number;
  readonly jobs: number;
}

/** An entry of the ledger. */
export interface LedgerRow {
  readonly kind: 'ledger';
  readonly record: string;
  readonly state: 'COMPLETED' | 'FAILED';
  readonly hash: string;
}

export type HistoryEvent = CallEvent | DeadKeyEvent | FaultEvent | LeftEvent | OrderRow | LedgerRow;

/** What a run was, at the head of its record. */
export interface RunHeader {
  readonly kind: 'run';
  readonly seed: string;
  readonly seconds: number;
  readonly servers: number;
  readonly clients: number;
}

/** Everything that is judged. */
export interface History {
  readonly run: RunHeader;
  readonly events: readonly HistoryEvent[];
}

type EventOf<Kind extends HistoryEvent['kind']> = Extract<HistoryEvent, { readonly kind: Kind }>;

export function eventsOf<Kind extends HistoryEvent['kind']>(
  { events }: Pick<History, 'events'>,
  kind: Kind,
): readonly EventOf<Kind>[] {
  return events.filter((event): event is EventOf<Kind> => event.kind === kind);
}
