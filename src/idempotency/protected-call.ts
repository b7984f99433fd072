import { Metadata, type ServerInterceptingCallInterface, status } from '@grpc/grpc-js';
import { AnswerSender } from './answer-sender.ts';
import type { Attempt, Conclusion, HandlerResult } from './attempt.ts';
import type { CallTrace } from './call-trace.ts';
import { isFinalFailure } from './classify-status.ts';
import type { Coordinator } from './coordinator.ts';
import { CallerGoneError, IdempotencyError } from './errors.ts';
import { fingerprintOf } from './fingerprint.ts';
import { callersKey, chooseKey } from './key.ts';
import type { Patience } from './patience.ts';
import type { MethodPolicy } from './policy.ts';
import type { ProtectedMethod } from './protected-method.ts';
import { recordIdentity } from './record.ts';
import { type CallStatus, detailsOf, withoutOurs } from './response-metadata.ts';
import { sendableStatus } from './sendable-status.ts';
import { toBuffer } from './to-buffer.ts';

export interface ProtectedCallOptions {
  readonly coordinator: Coordinator;
  /** Who calls. Two principals never share a record (P9). */
  readonly principalOf: (call: ServerInterceptingCallInterface, metadata: Metadata) => string;
  /** What names a call in logs: reports have it with the record. */
  readonly labelsOf: (metadata: Metadata) => Readonly<Record<string, string>>;
  /** The trace of a call, if it has one. */
  readonly traceOf: (metadata: Metadata) => CallTrace | undefined;
  /** Turns an error of the protocol, of the ledger or of the server into what is sent. */
  readonly toStatus: (error: unknown, requestMetadata: Metadata) => CallStatus;
  /** Called with the metadata that the handler will see, before it runs. */
  readonly onAttempt: (metadata: Metadata, attempt: Attempt) => void;
  readonly handlerLimitMs: number;
  /** The server ends a call after this, whatever its deadline is. */
  readonly callLimitMs: number;
}

/** A waiter is answered a little before its deadline, so that the answer still reaches it. */
const DEADLINE_MARGIN_SHARE = 0.05;
const DEADLINE_MARGIN_MS_MAX = 100;

/** Nobody reads it; an exception with its stack, which every call would make at its end, costs more than to claim its record. */
const CALLER_GONE = 'the call has ended, or its caller has gone';

/**
 * One call of a protected method, between the wire (`call`) and its handler. Nothing is sent before the outcome is known:
 * headers sent earlier would commit the call and switch off every client's retries.
 */
export class ProtectedCall {
  metadata: Metadata = new Metadata();
  message: unknown;
  readonly #call: ServerInterceptingCallInterface;
  readonly #method: ProtectedMethod;
  readonly #options: ProtectedCallOptions;
  readonly #gone = new AbortController();
  readonly #answer: AnswerSender;
  #attempt: Attempt | undefined;
  #leavePlace: (() => void) | undefined;
  #concluded = false;

  constructor(call: ServerInterceptingCallInterface, method: ProtectedMethod, options: ProtectedCallOptions) {
    this.#call = call;
    this.#answer = new AnswerSender(call);
    this.#method = method;
    this.#options = options;
  }

  callerGone(): void {
    this.#gone.abort(CALLER_GONE);
    const leavePlace = this.#leavePlace;
    if (leavePlace !== undefined) {
      // The read goes on, and its answer will come here; a place is not lost to one that never answers.
      setTimeout(leavePlace, this.#options.handlerLimitMs).unref();
    }
  }

  /** The request is complete: claim its record, then run the handler or answer in its place. */
  begin(runHandler: () => void): void {
    this.#begin(runHandler).catch((error: unknown) => {
      if (!(error instanceof CallerGoneError)) {
        this.#refuse(error);
      }
    });
  }

  sendMetadata(metadata: Metadata, pass: (metadata: Metadata) => void): void {
    if (this.#attempt === undefined) {
      pass(metadata);
    } else {
      this.#answer.hold(metadata, pass);
    }
  }

  sendMessage(message: unknown, pass: (message: unknown) => void): void {
    if (this.#attempt === undefined) {
      this.#endRead();
      pass(this.#encoded(message));
      return;
    }
    this.#conclude(this.#attempt, { kind: 'response', response: message }, undefined, pass);
  }

  sendStatus(given: CallStatus, pass: (status: CallStatus) => void): void {
    const isBehindAnswer = given.code === status.OK && (this.#attempt === undefined || this.#concluded);
    const sent = isBehindAnswer ? given : sendableStatus(given);
    if (this.#attempt === undefined) {
      this.#endRead();
      pass(this.#answer.describe(sent));
      return;
    }
    if (isBehindAnswer) {
      // The status behind a message that has gone out.
      pass(withoutOurs(sent));
      return;
    }
    this.#conclude(this.#attempt, resultOf(sent), sent, () => {});
  }

  async #begin(runHandler: () => void): Promise<void> {
    const { rule, path } = this.#method;
    const wireRequest = this.#method.wireRequestOf(this.message);
    if (wireRequest?.kind === 'malformed') {
      if (rule.kind === 'mutation') {
        this.#answer.key = callersKey(this.metadata);
      }
      throw wireRequest.error;
    }
    if (wireRequest === undefined) {
      throw new IdempotencyError('REQUEST_MALFORMED', `The call of ${path} ended before its request was complete.`, {
        facts: { method: path, fault: 'There is no whole message.' },
      });
    }
    if (rule.kind === 'read') {
      // After a cancel the handler would never be told to start, and so never end.
      if (!this.#gone.signal.aborted) {
        this.#leavePlace = this.#options.coordinator.takePlace();
        runHandler();
      }
      return;
    }
    const fingerprint = fingerprintOf(path, wireRequest.fingerprinted);
    const record = recordIdentity({
      principal: this.#options.principalOf(this.#call, this.metadata),
      method: path,
      key: chooseKey(this.metadata, fingerprint, rule.policy),
      fingerprint,
      policy: rule.policy,
      labels: this.#options.labelsOf(this.metadata),
      trace: this.#options.traceOf(this.metadata),
    });
    this.#answer.key = record.key;
    const { coordinator } = this.#options;
    const beginning = await coordinator.begin(record, this.#patience(rule.policy), this.#method.encodeResponse);
    if (beginning.kind === 'replay') {
      this.#answer.send(beginning.outcome, 'replayed');
      return;
    }
    if (this.#gone.signal.aborted) {
      // The handler would never be told to start: give the claim back.
      void beginning.attempt.release();
      return;
    }
    this.#run(beginning.attempt, runHandler);
  }

  /** The answer of a read, as bytes: nearer to the wire, its size matters. */
  #encoded(message: unknown): unknown {
    try {
      return toBuffer(this.#method.encodeResponse(message));
    } catch {
      // The server fails in the same way, and has a status for it.
      return message;
    }
  }

  #endRead(): void {
    this.#leavePlace?.();
    this.#leavePlace = undefined;
  }

  #run(attempt: Attempt, runHandler: () => void): void {
    this.#attempt = attempt;
    this.#options.onAttempt(this.metadata, attempt);
    void attempt.givenUp.then((error) => this.#refuse(error));
    runHandler();
  }

  #patience(policy: MethodPolicy): Patience {
    const deadline = this.#call.getDeadline();
    const deadlineMs = deadline instanceof Date ? deadline.getTime() : deadline;
    const leftMs = Math.min(deadlineMs - Date.now(), this.#options.callLimitMs);
    const marginMs = Math.min(leftMs * DEADLINE_MARGIN_SHARE, DEADLINE_MARGIN_MS_MAX);
    const waitMs = Math.min(leftMs - marginMs, policy.longestWaitMs);
    return { endsAtMs: performance.now() + waitMs, signal: this.#gone.signal, waitedMs: 0 };
  }

  /** @param pass sends a message the way the handler began to, so that the status follows it */
  #conclude(
    attempt: Attempt,
    result: HandlerResult,
    sent: CallStatus | undefined,
    pass: (message: unknown) => void,
  ): void {
    if (this.#concluded) {
      return;
    }
    this.#concluded = true;
    attempt
      .conclude(result)
      .then((conclusion) => this.#sendConclusion(conclusion, sent, pass))
      .catch((error: unknown) => this.#refuse(error));
  }

  #sendConclusion(conclusion: Conclusion, sent: CallStatus | undefined, pass: (message: unknown) => void): void {
    switch (conclusion.kind) {
      case 'answer': {
        const replay = conclusion.replayed ? 'replayed' : 'executed';
        if (sent === undefined && conclusion.outcome.kind === 'completed') {
          this.#answer.sendThrough(conclusion.outcome, replay, pass);
        } else {
          this.#answer.send(conclusion.outcome, replay);
        }
        return;
      }
      case 'refused':
        this.#refuse(conclusion.error);
        return;
      case 'handlerFailure':
        this.#answer.sendFailure(sent ?? { code: status.UNKNOWN, details: 'The handler gave no answer.' }, 'executed');
        return;
      default:
        throw new Error(`unknown conclusion ${JSON.stringify(conclusion satisfies never)}`);
    }
  }

  #refuse(error: unknown): void {
    this.#answer.sendFailure(this.#options.toStatus(error, this.metadata), undefined);
  }
}

function resultOf(sent: CallStatus): HandlerResult {
  if (isFinalFailure(sent.code)) {
    const { code, details } = sent;
    return {
      kind: 'finalFailure',
      outcome: { kind: 'failed', code, message: details, details: detailsOf(sent.metadata) },
    };
  }
  return { kind: 'transientFailure' };
}
