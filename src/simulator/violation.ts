/** What must never happen, with how the report calls it. */
export const violationKinds = {
  orderDoubled: 'orders doubled',
  orderLost: 'acknowledged, but not kept',
  answerDiffers: 'answers that differ',
  callUnanswered: 'calls without an answer',
  callRefused: 'calls refused without cause',
  effectDoubled: 'effects doubled or not undone',
  eventWrong: 'events missing or doubled',
  orderNotFinal: 'orders not final',
  nothingProven: 'runs that prove nothing',
} as const satisfies Record<string, string>;

export type ViolationKind = keyof typeof violationKinds;

export interface Violation {
  readonly kind: ViolationKind;
  /** The key or the id that it is about. */
  readonly subject: string;
  readonly what: string;
}
