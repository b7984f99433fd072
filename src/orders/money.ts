/** An amount of money, exact to the nano of a currency's unit. */
export interface Money {
  /** ISO 4217 code, three capital letters. */
  readonly currency: string;
  readonly units: bigint;
  /** Billionths of a unit: 0 to 999,999,999, since amounts here are never negative. */
  readonly nanos: number;
}

export const NANOS_PER_UNIT = 1_000_000_000;
const NANOS_PER_UNIT_BIG = BigInt(NANOS_PER_UNIT);

/** Totals stay below this many units: far from what the 64 bits of google.type.Money can overflow. */
export const TOTAL_UNITS_LIMIT = 10n ** 15n;

/** The sum of quantity times price, without loss. The prices must have one currency; an order has at least one item. */
export function totalOf(
  currency: string,
  items: readonly { readonly quantity: number; readonly unitPrice: Money }[],
): Money {
  const nanos = items.reduce((sum, { quantity, unitPrice }) => sum + BigInt(quantity) * inNanos(unitPrice), 0n);
  return { currency, units: nanos / NANOS_PER_UNIT_BIG, nanos: Number(nanos % NANOS_PER_UNIT_BIG) };
}

function inNanos({ units, nanos }: Money): bigint {
  return units * NANOS_PER_UNIT_BIG + BigInt(nanos);
}
