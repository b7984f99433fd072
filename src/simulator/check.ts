import { checkCalls } from './check-calls.ts';
import { checkEffects } from './check-effects.ts';
import { checkEvents } from './check-events.ts';
import type { Evidence } from './evidence.ts';
import type { Violation } from './violation.ts';

/** Holds everything that was seen against what is kept. */
export function check(evidence: Evidence): readonly Violation[] {
  return [...checkCalls(evidence), ...checkEvents(evidence), ...checkEffects(evidence)];
}
