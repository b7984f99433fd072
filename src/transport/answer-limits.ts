import { ServerInterceptingCall, type ServerInterceptingCallInterface, type ServerInterceptor } from '@grpc/grpc-js';
import { ByteBudget } from './byte-budget.ts';
import { type CallStream, streamOf } from './grpc-internals.ts';

export interface AnswerLimitOptions {
  /** How many bytes of large answers may be on their way at once. */
  readonly sendingBytesMax: number;
  /** A unary call whose answer has not been read after this is reset. */
  readonly sendLimitMs: number;
}

/** Answers up to this size go at once; the others wait for their turn. */
const SMALL_ANSWER_BYTES = 16_384;

/**
 * Bounds the memory of answers on their way, and the time that a client may take to read one. grpc-js copies an answer for every
 * call, and keeps the copy until the client has read it: five hundred replays of one large answer, or one client that does not
 * read, would take any amount of memory. Must be the outermost interceptor: it resets calls past all the others.
 */
export class AnswerLimits {
  readonly #sendLimitMs: number;
  readonly #budget: ByteBudget;

  constructor({ sendingBytesMax, sendLimitMs }: AnswerLimitOptions) {
    this.#sendLimitMs = sendLimitMs;
    this.#budget = new ByteBudget(sendingBytesMax);
  }

  readonly interceptor: ServerInterceptor = ({ requestStream, responseStream }, call) => {
    if (requestStream || responseStream) {
      // A stream asks for its next message when the one before has gone: it holds one at a time.
      return new ServerInterceptingCall(call);
    }
    const answer = new Answer(call, this.#budget, this.#sendLimitMs);
    return new ServerInterceptingCall(call, {
      start: (next) => next({ onCancel: () => answer.callEnded() }),
      sendMetadata: (metadata, pass) => answer.holdHeaders(() => pass(metadata)),
      sendMessage: (message, pass) => answer.send(message, () => pass(message)),
      sendStatus: (status, pass) => {
        if (answer.withdraw()) {
          // The call has come to its limit meanwhile. Behind a message that is held back, the status would be held back, too.
          call.sendStatus(status);
        } else {
          answer.sendLast(() => pass(status));
        }
      },
    });
  };
}

/**
 * The answer of a unary call. Its headers go with its message: a call that ends before its turn has then sent nothing, and its status
 * goes alone, in a frame that a client gets which reads nothing. Behind headers, it would wait for the client to read.
 */
class Answer {
  readonly #call: ServerInterceptingCallInterface;
  readonly #stream: CallStream;
  readonly #budget: ByteBudget;
  readonly #sendLimitMs: number;
  #sendHeaders: (() => void) | undefined;
  #giveBack: (() => void) | undefined;
  #limit: NodeJS.Timeout | undefined;
  #isWaiting = false;
  #hasCallEnded = false;

  constructor(call: ServerInterceptingCallInterface, budget: ByteBudget, sendLimitMs: number) {
    this.#call = call;
    this.#stream = streamOf(call);
    this.#budget = budget;
    this.#sendLimitMs = sendLimitMs;
    // Not at the end of the call, which comes before its bytes have gone when it ends twice: at a deadline and at a limit.
    this.#stream.onClose(() => {
      clearTimeout(this.#limit);
      this.#giveBack?.();
    });
  }

  holdHeaders(send: () => void): void {
    this.#sendHeaders = send;
  }

  send(message: unknown, pass: () => void): void {
    if (this.#hasCallEnded) {
      // Nothing can be sent any more.
      return;
    }
    const bytes = Buffer.isBuffer(message) ? message.length : 0;
    if (bytes <= SMALL_ANSWER_BYTES) {
      this.sendLast(pass);
      return;
    }
    this.#isWaiting = true;
    this.#giveBack = this.#budget.request(this.#call.getPeer(), bytes, () => {
      this.#isWaiting = false;
      this.sendLast(pass);
    });
  }

  /** Sends what comes behind the headers. */
  sendLast(send: () => void): void {
    this.#sendHeaders?.();
    this.#sendHeaders = undefined;
    this.#limitSending();
    send();
  }

  /** Gives up the turn of a message that waits for it. @returns whether there was one */
  withdraw(): boolean {
    const wasWaiting = this.#isWaiting;
    if (wasWaiting) {
      this.#isWaiting = false;
      this.#giveBack?.();
    }
    return wasWaiting;
  }

  /** The call was cancelled, or its status was sent. What the client has not read of its answer is still held. */
  callEnded(): void {
    this.#hasCallEnded = true;
    this.withdraw();
    this.#limitSending();
  }

  #limitSending(): void {
    if (!this.#stream.isClosed()) {
      this.#limit ??= setTimeout(() => this.#stream.reset(), this.#sendLimitMs);
    }
  }
}
