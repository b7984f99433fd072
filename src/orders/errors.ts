/** Why a call about orders was refused. Each reason is sent as ErrorInfo.reason in the domain `orders.v1`. */
export type OrderReason =
  | 'INVALID_REQUEST'
  | 'INVALID_PAGE_TOKEN'
  | 'ORDER_NOT_FOUND'
  | 'ORDER_NOT_CANCELLABLE'
  | 'ORDER_BUSY'
  | 'SEQUENCE_AHEAD'
  | 'EVENTS_TRIMMED';

/** One thing that is wrong with a request. */
export interface FieldViolation {
  /** The field's path in the request message: `items[3].unit_price.nanos`. */
  readonly field: string;
  /** What is wrong with it and what is expected, as a sentence. */
  readonly description: string;
}

export interface OrderErrorOptions {
  readonly facts?: Readonly<Record<string, string>>;
  readonly violations?: readonly FieldViolation[];
  /** What was asked for and is not there. */
  readonly resource?: { readonly type: string; readonly name: string };
  /** When the call may come again; undefined where a retry cures nothing. */
  readonly retryAfterMs?: number;
}

/** A call about orders that is refused. It carries no gRPC status: that is given where errors become statuses. */
export class OrderError extends Error {
  override readonly name = 'OrderError';
  readonly reason: OrderReason;
  readonly facts: Readonly<Record<string, string>>;
  readonly violations: readonly FieldViolation[];
  readonly resource: OrderErrorOptions['resource'];
  readonly retryAfterMs: number | undefined;

  constructor(reason: OrderReason, message: string, options: OrderErrorOptions = {}) {
    super(message);
    this.reason = reason;
    this.facts = options.facts ?? {};
    this.violations = options.violations ?? [];
    this.resource = options.resource;
    this.retryAfterMs = options.retryAfterMs;
  }
}

/** A request with something wrong in it: all of it is told at once. */
export function invalidRequest(violations: readonly FieldViolation[]): OrderError {
  const count = violations.length;
  const [first] = violations;
  const summary = first === undefined ? '' : ` ${first.field}: ${first.description}`;
  const message = `The request has ${count === 1 ? 'a fault' : `${count} faults`}.${summary}`;
  return new OrderError('INVALID_REQUEST', message, { violations, facts: { violations: String(count) } });
}
