import currencies from 'currency-codes';
import { z } from 'zod';
import { NANOS_PER_UNIT } from '../money.ts';

const currencyCodes: ReadonlySet<string> = new Set(currencies.codes());

/** The rules of google.type.Money, and that prices are not negative. */
export const moneyRule = z
  .object(
    {
      currencyCode: z
        .string()
        .refine((code) => currencyCodes.has(code), 'It must be an ISO 4217 code in capital letters, such as EUR.'),
      units: z.bigint(),
      nanos: z
        .number()
        .refine((nanos) => Math.abs(nanos) < NANOS_PER_UNIT, 'It must be between -999,999,999 and 999,999,999.'),
    },
    'It is missing.',
  )
  .superRefine(({ units, nanos }, context) => {
    if ((units > 0n && nanos < 0) || (units < 0n && nanos > 0)) {
      context.addIssue({ code: 'custom', path: ['nanos'], message: 'It must have the same sign as units.' });
    } else if (units < 0n || nanos < 0) {
      context.addIssue({ code: 'custom', path: ['units'], message: 'A price must not be negative.' });
    }
  });
