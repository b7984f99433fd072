import type { History } from '../../torture/history.ts';
import { judge } from '../../torture/judge/judge.ts';
import type { ViolationKind } from '../../torture/judge/violation.ts';

/** A history with one thing wrong: what it is, how it is to be called, about what, and what is to be said of it. */
export type Planted = readonly [
  what: string,
  kind: ViolationKind,
  subjects: readonly string[],
  said: RegExp,
  history: History,
];

/** What the judge has found, without doubles, in the form in which it was planted. */
export function foundIn(history: History): ReadonlySet<string> {
  return new Set(judge(history).map(({ kind, subject }) => `${kind} of ${subject}`));
}

export function plantedAs(kind: ViolationKind, subjects: readonly string[]): ReadonlySet<string> {
  return new Set(subjects.map((subject) => `${kind} of ${subject}`));
}

/** All that the judge says of it. */
export function saidOf(history: History): string {
  return judge(history)
    .map(({ what }) => what)
    .join('\n');
}
