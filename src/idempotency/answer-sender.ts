import { Metadata, type ServerInterceptingCallInterface, status } from '@grpc/grpc-js';
import type { CompletedOutcome, Outcome } from './outcome.ts';
import type { IdempotencyKey } from './record.ts';
import { type CallStatus, describeKey, failureTrailers, type ReplayStatus } from './response-metadata.ts';
import { toBuffer } from './to-buffer.ts';

type Pass<T> = (value: T) => void;

/** Sends a call's one answer, with what it tells about the key. Whatever comes after the first is not sent. */
export class AnswerSender {
  /** The key that counts, once it is known. */
  key: IdempotencyKey | undefined;
  readonly #call: ServerInterceptingCallInterface;
  #held: { readonly metadata: Metadata; readonly pass: Pass<Metadata> } | undefined;
  #isSent = false;

  constructor(call: ServerInterceptingCallInterface) {
    this.#call = call;
  }

  /** Keeps the handler's initial metadata back until there is an answer to go with it. */
  hold(metadata: Metadata, pass: Pass<Metadata>): void {
    this.#held = { metadata, pass };
  }

  /** Lets the handler's own message go on, with the bytes that were committed in its place. */
  sendThrough({ response }: CompletedOutcome, replay: ReplayStatus, pass: Pass<unknown>): void {
    if (this.#isSent) {
      return;
    }
    this.#isSent = true;
    this.#held?.pass(this.#described(this.#held.metadata, replay));
    pass(toBuffer(response));
  }

  /** Answers in the handler's place. */
  send(outcome: Outcome, replay: ReplayStatus): void {
    if (outcome.kind === 'failed') {
      const { code, message, details } = outcome;
      this.sendFailure({ code, details: message, metadata: failureTrailers(details) }, replay);
      return;
    }
    if (this.#isSent) {
      return;
    }
    this.#isSent = true;
    this.#call.sendMetadata(this.#described(new Metadata(), replay));
    this.#call.sendMessage(toBuffer(outcome.response), () => this.#call.sendStatus({ code: status.OK, details: 'OK' }));
  }

  sendFailure(failure: CallStatus, replay: ReplayStatus | undefined): void {
    if (!this.#isSent) {
      this.#isSent = true;
      this.#call.sendStatus(this.describe(failure, replay));
    }
  }

  /** A failure with what it tells about the key in its trailers. */
  describe(failure: CallStatus, replay?: ReplayStatus): CallStatus {
    if (this.key === undefined) {
      return failure;
    }
    return { ...failure, metadata: this.#described(failure.metadata?.clone() ?? new Metadata(), replay) };
  }

  #described(metadata: Metadata, replay: ReplayStatus | undefined): Metadata {
    return this.key === undefined ? metadata : describeKey(metadata, this.key, replay);
  }
}
