/** What must never happen, with how the report calls it. */
export const violationKinds = {
  orderDoubled: 'P1 a record with two orders, or executed twice',
  orderIncomplete: 'P1 an order without its items, ledger entry, events or job',
  answerDiffers: 'P2 answers of one record that differ',
  strangerAnswered: 'P3 an answer of another request',
  keyDead: 'P6 a key without an answer when all is well',
  acknowledgedLost: 'P7 acknowledged, and not kept',
  refusedWrongly: 'a call refused without cause',
  statusUnknown: 'a status that no caller can act on',
  leak: 'something is left',
  nothingProven: 'the run proves nothing',
} as const satisfies Record<string, string>;

export type ViolationKind = keyof typeof violationKinds;

export interface Violation {
  readonly kind: ViolationKind;
  /** The record it is about, or what is left. */
  readonly subject: string;
  readonly what: string;
}
