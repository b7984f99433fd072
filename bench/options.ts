import { type VariantName, variantNames } from './variants.ts';

/** How thorough a run is. */
export interface BenchOptions {
  readonly isQuick: boolean;
  readonly rounds: number;
  /** How long each server is under load before anything is measured: compiled code and warm connections are what counts. */
  readonly serverWarmUpMs: number;
  /** How long each new client runs before it is measured. */
  readonly warmUpMs: number;
  readonly measureMs: number;
  readonly createInFlight: readonly number[];
  readonly replayInFlight: readonly number[];
  readonly variants: readonly VariantName[];
  /** Records that fill PostgreSQL and Redis beforehand, where that is what is measured. */
  readonly records: number;
  /** Calls after which the memory is looked at again; undefined: it is not. */
  readonly memoryCalls: number | undefined;
}

export const fullRun: BenchOptions = {
  isQuick: false,
  rounds: 3,
  serverWarmUpMs: 8_000,
  warmUpMs: 1_000,
  measureMs: 4_000,
  createInFlight: [1, 16, 64, 128],
  replayInFlight: [1, 16, 64, 128],
  variants: variantNames,
  records: 1_000_000,
  memoryCalls: 1_000_000,
};

/** In three minutes: enough to see where one stands. */
export const quickRun: BenchOptions = {
  isQuick: true,
  rounds: 1,
  serverWarmUpMs: 2_000,
  warmUpMs: 300,
  measureMs: 1_200,
  createInFlight: [1, 16, 64],
  replayInFlight: [16, 64],
  variants: ['asUsual', 'redisStopped'],
  records: 0,
  memoryCalls: undefined,
};
