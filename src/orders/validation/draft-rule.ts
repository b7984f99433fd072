import { z } from 'zod';
import { TOTAL_UNITS_LIMIT, totalOf } from '../money.ts';
import type { OrderDraft } from '../order.ts';
import { moneyRule } from './money-rule.ts';
import { freeText, identifier, shortText } from './text-rules.ts';

/** What the contract promises (order.proto, order_service.proto); the table definitions repeat it as CHECK constraints. */
export const limits = {
  customerIdCharactersMax: 64,
  itemsMax: 100,
  skuCharactersMax: 64,
  quantityMax: 1_000_000,
  noteCharactersMax: 1_000,
  labelsMax: 32,
  labelKeyCharactersMax: 63,
  labelValueCharactersMax: 255,
} as const;

const LABEL_KEY_PATTERN = new RegExp(`^[A-Za-z0-9_./-]{1,${limits.labelKeyCharactersMax}}$`);

export const customerIdRule = identifier(limits.customerIdCharactersMax);

const itemRule = z.object({
  sku: identifier(limits.skuCharactersMax),
  quantity: z
    .number()
    .refine((quantity) => quantity >= 1 && quantity <= limits.quantityMax, 'It must be between 1 and 1,000,000.'),
  unitPrice: moneyRule,
});

/** Counted before they are looked at: a large request may hold ten thousands. */
const labelsRule = z
  .map(z.string(), z.string())
  .refine((labels) => labels.size <= limits.labelsMax, {
    error: `At most ${limits.labelsMax} are allowed.`,
    abort: true,
  })
  .pipe(
    z.map(
      z.string().regex(LABEL_KEY_PATTERN, 'A key has 1 to 63 letters, digits, `-`, `_`, `.` and `/`.'),
      shortText(limits.labelValueCharactersMax),
    ),
  );

/** Also where another rule has failed already. */
const CHECK_ALWAYS = { when: () => true };

/** The rules that hold between items. They are checked also where single fields are wrong, as far as that is possible. */
const itemsRule = z
  .array(itemRule)
  .min(1, 'At least one is needed.')
  .max(limits.itemsMax, `At most ${limits.itemsMax} are allowed.`)
  .superRefine((items: readonly ItemUnderCheck[], context) => {
    const currency = items[0]?.unitPrice?.currencyCode;
    for (const [index, { unitPrice }] of items.entries()) {
      if (unitPrice !== undefined && currency !== undefined && unitPrice.currencyCode !== currency) {
        const message = 'All items of an order have one currency; the first item has another.';
        context.addIssue({ code: 'custom', path: [index, 'unitPrice', 'currencyCode'], message });
      }
    }
    if (totalOf('', items.map(priceUnderCheck)).units >= TOTAL_UNITS_LIMIT) {
      context.addIssue({ code: 'custom', message: 'Their total must stay below 10^15 units.' });
    }
  }, CHECK_ALWAYS);

/** An item as the decoder made it, before its own rules are known to hold. */
interface ItemUnderCheck {
  readonly quantity: number;
  readonly unitPrice?: z.input<typeof moneyRule> | undefined;
}

function priceUnderCheck({ quantity, unitPrice }: ItemUnderCheck) {
  const { units = 0n, nanos = 0 } = unitPrice ?? {};
  return { quantity, unitPrice: { currency: '', units, nanos } };
}

/** Every rule for an order to be placed; each is checked, so that all faults are told at once. */
export const draftRule = z
  .object({
    customerId: customerIdRule,
    items: itemsRule,
    note: freeText(limits.noteCharactersMax),
    labels: labelsRule,
  })
  .transform(({ items, ...rest }): OrderDraft => {
    const domainItems = items.map(({ unitPrice: { currencyCode, units, nanos }, ...item }) => ({
      ...item,
      unitPrice: { currency: currencyCode, units, nanos },
    }));
    return { ...rest, items: domainItems, total: totalOf(domainItems[0]?.unitPrice.currency ?? '', domainItems) };
  });
