/** Why a question about records was not answered. Each reason is sent as ErrorInfo.reason in the domain `idempotency.v1`. */
export type InspectionReason = 'INVALID_RECORD_REQUEST' | 'INVALID_RECORD_PAGE_TOKEN' | 'RECORD_NOT_FOUND';

/** One thing that is wrong with a request: the field's path in the contract, and a sentence. */
export interface RequestViolation {
  readonly field: string;
  readonly description: string;
}

export interface InspectionErrorOptions {
  /** Every value that stands in the message, for programs. */
  readonly facts?: Readonly<Record<string, string>>;
  readonly violations?: readonly RequestViolation[];
  /** What was asked for and is not there. */
  readonly resource?: { readonly type: string; readonly name: string };
}

/** A question about records that has no answer. It carries no gRPC status: that is given where errors become statuses. */
export class InspectionError extends Error {
  override readonly name = 'InspectionError';
  readonly reason: InspectionReason;
  readonly facts: Readonly<Record<string, string>>;
  readonly violations: readonly RequestViolation[];
  readonly resource: InspectionErrorOptions['resource'];

  constructor(reason: InspectionReason, message: string, options: InspectionErrorOptions = {}) {
    super(message);
    this.reason = reason;
    this.facts = options.facts ?? {};
    this.violations = options.violations ?? [];
    this.resource = options.resource;
  }
}
