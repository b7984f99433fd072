import type { ContestantName } from './contestants.ts';

/** A contestant under special conditions: creates, 64 in flight. */
export interface Variant {
  readonly title: string;
  /** Default: ours. */
  readonly contestant?: ContestantName;
  readonly settings?: Readonly<Record<string, string>>;
  /** Whether Redis is there; default: it is. */
  readonly hasRedis?: boolean;
  /** How many processes serve; default: 1. */
  readonly servers?: number;
  /** Items of an order; default: as everywhere. */
  readonly items?: number;
  readonly duplicateShare?: number;
  /** Whether records of many calls are there already. */
  readonly hasRecords?: boolean;
}

export const variants = {
  /** What the others are compared with: it is as old and as warm as they are. */
  asUsual: { title: 'ours, as usual' },
  redisStopped: { title: 'ours, Redis stopped', hasRedis: false },
  duplicates: { title: 'ours, 30% duplicates', duplicateShare: 0.3 },
  worker: { title: 'ours, with a running worker', settings: { FULFILMENT_ENABLED: 'true' } },
  twoServers: { title: 'ours, two server processes', servers: 2 },
  manyItems: { title: 'ours, 100 items an order', items: 100 },
  manyRecords: { title: 'ours, with many records in place', hasRecords: true },
  plainWithoutJob: { title: 'plain, without the job', contestant: 'plain', settings: { WITHOUT_JOB: 'true' } },
} as const satisfies Readonly<Record<string, Variant>>;

export type VariantName = keyof typeof variants;
export const variantNames = Object.keys(variants) as readonly VariantName[];
export const VARIANT_IN_FLIGHT = 64;
