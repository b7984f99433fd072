import { z } from 'zod';

/** What a load process is told to do. */
export interface LoadPlan {
  /** Of the servers; channels are spread over them. */
  readonly ports: readonly number[];
  readonly channels: number;
  readonly inFlight: number;
  readonly warmUpMs: number;
  readonly measureMs: number;
  /** Ends earlier when so many calls were made; for what is counted and not timed. */
  readonly callsMax: number;
  /** Items of an order. */
  readonly items: number;
  /** What keys begin with. */
  readonly keyPrefix: string;
  /** `new`: each call has a key of its own. A number: so many keys, again and again. */
  readonly keys: 'new' | number;
  /** Where to begin among so many keys: two processes do not repeat the same one at the same time. */
  readonly firstKey: number;
  /** Which share of calls repeats the key of the call before; 0 to 1. */
  readonly duplicateShare: number;
}

/** What a load process has seen. */
export const loadResultRule = z.object({
  calls: z.number(),
  seconds: z.number(),
  /** How many calls ended with another status than OK, by its name and words. */
  failures: z.record(z.string(), z.number()),
  /** Of calls that ended with OK. */
  p50Ms: z.number(),
  p99Ms: z.number(),
  maxMs: z.number(),
  /** Of one CPU. */
  cpu: z.number(),
});
export type LoadResult = z.output<typeof loadResultRule>;

/** What a load process says, in this order. */
export const loadMessageRule = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('ready') }),
  /** The warm-up is over. */
  z.object({ kind: z.literal('measuring') }),
  z.object({ kind: z.literal('measured'), result: loadResultRule }),
  /** The last calls have ended. */
  z.object({ kind: z.literal('done') }),
]);
export type LoadMessage = z.output<typeof loadMessageRule>;
