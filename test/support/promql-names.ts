/** A condition on a label. */
export interface Matcher {
  readonly label: string;
  /** As it stands in quotes. */
  readonly value: string;
}

/** A metric as an expression asks for it. */
export interface Selector {
  readonly metric: string;
  readonly matchers: readonly Matcher[];
}

/** What an expression names. */
export interface ExpressionNames {
  readonly selectors: readonly Selector[];
  /** The labels by which it groups or joins. */
  readonly labels: readonly string[];
}

const GROUPING = /\b(?:by|without|on|ignoring|group_left|group_right)\s*\(([^)]*)\)/g;
const RANGE = /\[[^\]]*\]|\boffset\s+\w+/g;
const QUOTED = /"[^"]*"/g;
/** A name that is no part of a number, with the bracket behind it: a selector's or a function's. */
const NAME = /(?<![\w.])([a-zA-Z_:][\w:]*)\s*(\{[^}]*\}|\()?/g;
const MATCHER = /(\w+)\s*(?:=~|!~|!=|=)\s*"([^"]*)"/g;
const WORDS: ReadonlySet<string> = new Set(['and', 'or', 'unless', 'bool']);

/** Reads the names of an expression of PromQL, as far as our expressions use it. */
export function namesInExpression(expression: string): ExpressionNames {
  // A range within quotes is a part of a regular expression.
  const quotes: string[] = [];
  const open = expression.replaceAll(QUOTED, (text) => `"${quotes.push(text) - 1}"`);
  const labels = Array.from(open.matchAll(GROUPING), ([, names = '']) => names.split(','))
    .flat()
    .map((name) => name.trim())
    .filter((name) => name !== '');
  const rest = open
    .replaceAll(GROUPING, ' ')
    .replaceAll(RANGE, ' ')
    .replaceAll(/"(\d+)"/g, (_, index) => quotes[Number(index)] ?? '');
  const selectors = Array.from(rest.matchAll(NAME), ([, metric = '', bracket = '']) => ({ metric, bracket }))
    .filter(({ metric, bracket }) => bracket !== '(' && !WORDS.has(metric))
    .map(({ metric, bracket }) => ({ metric, matchers: matchersIn(bracket) }));
  return { selectors, labels };
}

function matchersIn(bracket: string): Matcher[] {
  return Array.from(bracket.matchAll(MATCHER), ([, label = '', value = '']) => ({ label, value }));
}
