/** A step of CreateOrder on its way through the service. */
export type FlowStep = NewStep | OldStep;

/** A step that exists for the sake of idempotency. */
interface NewStep extends Step {
  readonly isNew: true;
}

/** A step of every order service. */
interface OldStep extends Step {
  readonly isNew: false;
  /** What happens where nothing is safe to repeat, for people. */
  readonly didBefore: string;
}

interface Step {
  readonly title: string;
  /** What happens, for people. */
  readonly does: string;
  /** Which part of the system does it. */
  readonly where: 'client' | 'transport' | 'idempotency' | 'orders' | 'database' | 'fulfilment';
  /** What is asked for it. */
  readonly asks?: 'Redis' | 'PostgreSQL';
  /** The span in which a trace shows it. */
  readonly span: string;
}

/**
 * The way of an order, in its order: what the requirement calls the enhanced flow. Traces have their spans from this table, and the
 * pictures of the flow are drawn from it.
 */
export const orderFlow = {
  receive: {
    title: 'Client → API handler',
    does: 'the call, with its idempotency-key or without',
    where: 'transport',
    isNew: false,
    didBefore: 'the call, each time that it arrives',
    span: 'orders.v1.OrderService/CreateOrder',
  },
  check: {
    title: 'Idempotency check',
    does: 'claims the key as PENDING, or finds what became of it',
    where: 'idempotency',
    asks: 'Redis',
    isNew: true,
    span: 'idempotency.begin',
  },
  validate: {
    title: 'Validation',
    does: 'all violations at once; an invalid request spends no key',
    where: 'orders',
    isNew: false,
    didBefore: 'all violations at once',
    span: 'orders.validate',
  },
  store: {
    title: 'Store idempotency key',
    does: 'the ledger entry, whose primary key decides',
    where: 'database',
    asks: 'PostgreSQL',
    isNew: true,
    span: 'orders.commit',
  },
  process: {
    title: 'Process order → save to DB',
    does: 'order, items, event and job: one commit with the entry',
    where: 'database',
    asks: 'PostgreSQL',
    isNew: false,
    didBefore: 'order, items, event and job: one commit',
    span: 'orders.commit',
  },
  complete: {
    title: 'Complete idempotency',
    does: 'keeps the answer for 24 hours; nobody waits for it',
    where: 'idempotency',
    asks: 'Redis',
    isNew: true,
    span: 'idempotency.complete',
  },
  answer: {
    title: 'Return response',
    does: 'the very bytes that were committed',
    where: 'transport',
    isNew: false,
    didBefore: 'an answer of its own for each call',
    span: 'orders.v1.OrderService/CreateOrder',
  },
  processing: {
    title: 'Async processing',
    does: 'a worker takes the job: CONFIRMED or REJECTED, and events',
    where: 'fulfilment',
    asks: 'PostgreSQL',
    isNew: false,
    didBefore: 'a worker takes the job: CONFIRMED or REJECTED, and events',
    span: 'orders.process',
  },
} as const satisfies Readonly<Record<string, FlowStep>>;
