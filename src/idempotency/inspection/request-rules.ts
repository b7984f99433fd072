import { z } from 'zod';
import { parseKey } from '../key.ts';
import { recordStates } from '../record-life.ts';
import { InspectionError } from './inspection-error.ts';

const PAGE_SIZE_DEFAULT = 50;
const PAGE_SIZE_MAX = 200;
const PAGE_TOKEN_CHARACTERS_MAX = 512;

/** The most methods that a refusal names. */
const NAMED_METHODS_MAX = 10;

/** The rules for questions about records of these methods, given by their full names. */
export function inspectionRules(methods: Iterable<string>) {
  const known = [...methods].sort();
  const named = known.slice(0, NAMED_METHODS_MAX).join(', ');
  const rest = known.length > NAMED_METHODS_MAX ? `, and ${known.length - NAMED_METHODS_MAX} more` : '';
  const unknown = `No method of this name has idempotency keys. These have: ${named}${rest}.`;
  const isKnown = (name: string) => known.includes(name);
  return {
    getRecord: z.object({ method: z.string().transform(withSlash).refine(isKnown, unknown), key: keyRule }),
    listRecords: z.object({
      states: z
        .array(z.enum(recordStates, 'It must be one of the states of a record.'))
        .max(recordStates.length, `At most ${recordStates.length} are allowed.`)
        .refine((states) => new Set(states).size === states.length, 'No state may be given twice.'),
      method: z
        .string()
        .transform((name) => (name === '' ? undefined : withSlash(name)))
        .refine((name) => name === undefined || isKnown(name), unknown),
      pageSize: z
        .number()
        .refine((size) => size <= PAGE_SIZE_MAX, `It must be at most ${PAGE_SIZE_MAX}; 0 means ${PAGE_SIZE_DEFAULT}.`)
        .transform((size) => (size === 0 ? PAGE_SIZE_DEFAULT : size)),
      pageToken: z.string().max(PAGE_TOKEN_CHARACTERS_MAX, `It has more than ${PAGE_TOKEN_CHARACTERS_MAX} characters.`),
    }),
  };
}

export type InspectionRules = ReturnType<typeof inspectionRules>;
export type GetRecordRequest = z.output<InspectionRules['getRecord']>;
export type ListRecordsRequest = z.output<InspectionRules['listRecords']>;

const keyRule = z.string().transform((text, context) => {
  const parsed = parseKey(text);
  if (parsed.kind === 'key') {
    return parsed.key;
  }
  context.addIssue({ code: 'custom', message: `It is no key: ${parsed.what}. 1 to 255 visible ASCII characters are.` });
  return z.NEVER;
});

function withSlash(name: string): string {
  return name.startsWith('/') ? name : `/${name}`;
}

/**
 * Checks a question by a rule.
 * @throws InspectionError INVALID_RECORD_REQUEST with every violation at once
 */
export function checkQuestion<Rule extends z.ZodType>(rule: Rule, question: unknown): z.output<Rule> {
  const result = rule.safeParse(question);
  if (result.success) {
    return result.data;
  }
  const violations = result.error.issues.map(({ path, message }) => ({ field: fieldPath(path), description: message }));
  const [first] = violations;
  const count = violations.length === 1 ? 'a fault' : `${violations.length} faults`;
  throw new InspectionError(
    'INVALID_RECORD_REQUEST',
    `The request has ${count}.${first === undefined ? '' : ` ${first.field}: ${first.description}`}`,
    { violations, facts: { violations: String(violations.length) } },
  );
}

/** `['states', 1]` is `states[1]`, and `['pageSize']` is `page_size`. */
function fieldPath(path: readonly PropertyKey[]): string {
  return path
    .map((part) =>
      typeof part === 'number' ? `[${part}]` : String(part).replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
    )
    .join('');
}
