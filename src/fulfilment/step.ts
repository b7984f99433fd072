/**
 * How far a step of an order's processing has come. BEGUN: it may have had its effect, or not. REFUSED: it has refused the order,
 * and had no effect. UNDONE: its effect was taken back.
 */
export const stepStates = ['BEGUN', 'DONE', 'REFUSED', 'UNDONE'] as const;
export type StepState = (typeof stepStates)[number];

/** What is kept of a step. A step that is not kept has not begun. */
export interface StepRecord {
  readonly step: string;
  readonly state: StepState;
}

/** Names of steps: they are part of the keys that the outside sees. */
export const STEP_NAME = '^[a-z][a-z0-9-]{0,62}$';
