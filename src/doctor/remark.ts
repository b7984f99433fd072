/** From well to not well. */
export const levels = ['ok', 'warning', 'fault'] as const;
export type Level = (typeof levels)[number];

/** Numbers and texts behind a message, for machines. */
export type Facts = Readonly<Record<string, unknown>>;

/** What a check has to say. */
export interface Remark {
  readonly level: Level;
  /** One line in plain words. */
  readonly message: string;
  /** What to do about it. */
  readonly advice?: string;
  readonly facts: Facts;
  /** More for people, line by line; machines find the same in the facts. */
  readonly lines?: readonly string[];
}

export function ok(message: string, facts: Facts = {}): Remark {
  return { level: 'ok', message, facts };
}

export function warning(message: string, advice: string, facts: Facts = {}): Remark {
  return { level: 'warning', message, advice, facts };
}

export function fault(message: string, advice: string, facts: Facts = {}): Remark {
  return { level: 'fault', message, advice, facts };
}

/** The worse of two levels, or of more. */
export function worst(found: readonly Level[]): Level {
  return levels.findLast((level) => found.includes(level)) ?? 'ok';
}
