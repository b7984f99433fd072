import { Dice } from './dice.ts';
import type { SimulationOptions } from './options.ts';

/** What becomes of an order in the end, if nobody cancels it. */
export type Fate = 'confirmed' | 'refusedAtOnce' | 'refusedAfterAStep';

/** When a call is repeated with the same key. The altered one has another request, and must be refused. */
export type Repetition =
  | { readonly kind: 'inParallel' }
  | { readonly kind: 'later'; readonly afterMs: number }
  | { readonly kind: 'afterAnswer'; readonly afterMs: number }
  | { readonly kind: 'altered' };

/** Where the connection of a call is cut: before the request, in the middle of it, or instead of its answer. */
export type Cut = 'before' | 'during' | 'after';

export interface CallPlan {
  readonly key: string;
  readonly repetition: Repetition | undefined;
}

/** What one customer will do. */
export interface OrderPlan {
  readonly number: number;
  readonly customerId: string;
  readonly fate: Fate;
  readonly quantity: number;
  readonly create: CallPlan;
  readonly cancel: (CallPlan & { readonly afterMs: number }) | undefined;
  /** The sequence behind which the order is watched. 1 is what the answer has told; with 0 the present state comes first. */
  readonly watchAfter: 0 | 1 | undefined;
}

type Shares = Pick<SimulationOptions, 'seed' | 'duplicates' | 'cancels' | 'watches'>;

const CUSTOMERS = 50;

/** At once, while the steps run, or when the order is probably final. */
const CANCEL_DELAYS_MS_MAX = [0, 100, 1_500] as const;

const LATER_MS_MAX = 1_000;
const AFTER_ANSWER_MS_MAX = 3_000;

/** Plans the n-th order. @param run what the keys of this run begin with */
export function planOrder(number: number, run: string, options: Shares): OrderPlan {
  const dice = new Dice(options.seed, 'order', number);
  const fateAt = dice.next();
  return {
    number,
    customerId: `${run}-${dice.between(1, CUSTOMERS)}`,
    fate: fateAt < 0.85 ? 'confirmed' : fateAt < 0.95 ? 'refusedAtOnce' : 'refusedAfterAStep',
    quantity: dice.between(1, 9),
    create: { key: `${run}-order-${number}-`, repetition: planRepetition(dice, options) },
    cancel: dice.chance(options.cancels)
      ? {
          key: `${run}-cancel-${number}-`,
          afterMs: dice.between(0, dice.pick(CANCEL_DELAYS_MS_MAX)),
          repetition: planRepetition(dice, options),
        }
      : undefined,
    watchAfter: dice.chance(options.watches) ? dice.pick([0, 1]) : undefined,
  };
}

function planRepetition(dice: Dice, { duplicates }: Shares): Repetition | undefined {
  if (!dice.chance(duplicates)) {
    return undefined;
  }
  if (dice.chance(0.05)) {
    return { kind: 'altered' };
  }
  return dice.pick<Repetition>([
    { kind: 'inParallel' },
    { kind: 'later', afterMs: dice.between(1, LATER_MS_MAX) },
    { kind: 'afterAnswer', afterMs: dice.between(0, AFTER_ANSWER_MS_MAX) },
  ]);
}

/** Whether and where the connection of a call is cut. @param call the key and the number of the repetition */
export function planCut(call: string, { seed, faults }: Pick<SimulationOptions, 'seed' | 'faults'>): Cut | undefined {
  const dice = new Dice(seed, 'cut', call);
  return dice.chance(faults) ? dice.pick<Cut>(['before', 'during', 'after']) : undefined;
}
