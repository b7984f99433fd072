/** What is measured, and in which words it is told. */
export const contestants = {
  empty: { title: 'empty', what: 'the same server and message sizes, nothing done: the limit', script: 'empty' },
  plain: { title: 'plain', what: "MikroORM's unit of work, no idempotency: what people write today", script: 'plain' },
  samePath: {
    title: 'same write path',
    what: 'our write path, no Redis and no ledger: what lacks is the price of the promise',
    script: 'same-write-path',
  },
  powertools: { title: 'powertools', what: '@aws-lambda-powertools/idempotency around plain', script: 'powertools' },
  nodeIdempotency: {
    title: 'node-idempotency',
    what: '@node-idempotency/core around plain',
    script: 'node-idempotency',
  },
  dbos: { title: 'DBOS', what: '@dbos-inc/dbos-sdk, the order as a durable workflow', script: 'dbos' },
  ours: { title: 'ours', what: 'this service; workers in other processes process the orders', script: undefined },
} as const satisfies Readonly<Record<string, Contestant>>;

export interface Contestant {
  readonly title: string;
  readonly what: string;
  /** In `servers`; undefined: the service itself. */
  readonly script: string | undefined;
}

export type ContestantName = keyof typeof contestants;
export const contestantNames = Object.keys(contestants) as readonly ContestantName[];
