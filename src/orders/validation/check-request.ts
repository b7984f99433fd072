import type { z } from 'zod';
import { type FieldViolation, invalidRequest } from '../errors.ts';

/**
 * Checks a request by a rule.
 * @returns what the rule makes of it
 * @throws OrderError INVALID_REQUEST with every violation, each named by its field's path in the contract
 */
export function checkRequest<Rule extends z.ZodType>(rule: Rule, request: unknown): z.output<Rule> {
  const result = rule.safeParse(request);
  if (result.success) {
    return result.data;
  }
  throw invalidRequest(result.error.issues.map(violationOf));
}

/** The most characters of a name from the request that a message repeats. */
const REPEATED_CHARACTERS_MAX = 64;

function violationOf(issue: z.core.$ZodIssue): FieldViolation {
  // A rule for map keys wraps its issues in one of the map.
  const [inner] = issue.code === 'invalid_key' ? issue.issues : [];
  return { field: fieldPath(issue.path), description: inner?.message ?? issue.message };
}

/** `['items', 3, 'unitPrice']` is `items[3].unit_price`; a map's key stands in quotes. */
function fieldPath(path: readonly PropertyKey[]): string {
  let field = '';
  path.forEach((part, index) => {
    if (typeof part === 'number') {
      field += `[${part}]`;
    } else if (path[index - 1] === 'labels') {
      field += `[${JSON.stringify([...String(part)].slice(0, REPEATED_CHARACTERS_MAX).join(''))}]`;
    } else {
      const name = String(part).replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
      field += field === '' ? name : `.${name}`;
    }
  });
  return field;
}
