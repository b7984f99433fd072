import type { OrderState } from '../orders/order.ts';

/** What the customers have heard under one key. */
export interface CallEvidence {
  readonly key: string;
  readonly kind: 'create' | 'cancel';
  /** The order that was created under the key, or was to be cancelled; undefined if a create was never answered with OK. */
  readonly orderId: string | undefined;
  readonly isOk: boolean;
  /** The hashes of all answers, each once. */
  readonly hashes: readonly string[];
  /** Calls that were given up. */
  readonly unanswered: number;
  /** Other requests under this key that were not refused. */
  readonly alteredAccepted: number;
}

/** A step of an order's life, as somebody has seen it. */
export interface SeenChange {
  readonly sequence: number;
  readonly state: OrderState;
}

export interface WatchEvidence {
  readonly orderId: string;
  readonly seen: readonly SeenChange[];
  readonly hasEnded: boolean;
}

/** An order as it is in the database. */
export interface KeptOrder {
  readonly orderId: string;
  readonly key: string;
  readonly state: OrderState;
  readonly stateReason: string;
  readonly sequence: number;
  readonly events: readonly KeptEvent[];
}

export interface KeptEvent extends SeenChange {
  readonly previousState: OrderState | undefined;
  readonly time: Date;
}

/** What was done outside for one step of an order, one after the other. */
export interface StepEffects {
  readonly orderId: string;
  readonly step: string;
  readonly effects: readonly { readonly kind: 'done' | 'undone'; readonly key: string }[];
}

/** Everything that is held together in the end. */
export interface Evidence {
  readonly calls: readonly CallEvidence[];
  readonly orders: readonly KeptOrder[];
  /** By order; what the consumer of the stream has seen. */
  readonly streamed: ReadonlyMap<string, readonly SeenChange[]>;
  /** Entries of the stream that told an event once more. */
  readonly doubledInStream: readonly string[];
  readonly watched: readonly WatchEvidence[];
  /** Undefined if the orders are processed by somebody else's steps. */
  readonly outside: { readonly steps: readonly string[]; readonly effects: readonly StepEffects[] } | undefined;
}
