import {
  Metadata,
  ServerInterceptingCall,
  type ServerInterceptingCallInterface,
  type ServerInterceptor,
} from '@grpc/grpc-js';
import { ByteBudget } from './byte-budget.ts';
import type { Fault } from './fault.ts';
import { type CallStream, streamOf } from './grpc-internals.ts';
import { richStatus } from './rich-status.ts';
import { SharedBytes } from './shared-bytes.ts';

export interface AnswerLimitOptions {
  /** How many bytes of large answers may be on their way at once, and how many may wait for it. */
  readonly sendingBytesMax: number;
  /** A unary call whose answer has not been read after this is reset, and so is a stream behind its end. */
  readonly sendLimitMs: number;
}

/** Answers up to this size go at once; the others wait for their turn. */
const SMALL_ANSWER_BYTES = 16_384;

const RETRY_AFTER_MS = 1_000;

/**
 * Bounds the memory of answers on their way, and the time that a client may take to read one. grpc-js copies an answer for every
 * call, and keeps the copy until the client has read it: five hundred replays of one large answer, or one client that does not
 * read, would take any amount of memory. Must be the outermost interceptor: it resets calls past all the others.
 */
export class AnswerLimits {
  readonly #limits: Limits;

  constructor({ sendingBytesMax, sendLimitMs }: AnswerLimitOptions) {
    const [budget, waiting] = [new ByteBudget(sendingBytesMax), new SharedBytes(sendingBytesMax)];
    this.#limits = { budget, waiting, sendLimitMs, tooManyAnswers: tooManyAnswers(sendingBytesMax) };
  }

  readonly interceptor: ServerInterceptor = ({ requestStream, responseStream }, call) => {
    const answer = new Answer(call, this.#limits);
    if (requestStream || responseStream) {
      // A stream asks for its next message when the one before has gone: it holds one at a time, and nothing for long when it has ended.
      return new ServerInterceptingCall(call, { start: (next) => next({ onCancel: () => answer.callEnded() }) });
    }
    return new ServerInterceptingCall(call, {
      start: (next) => next({ onCancel: () => answer.callEnded() }),
      sendMetadata: (metadata, pass) => answer.holdHeaders(metadata, () => pass(metadata)),
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

/** What the answers of all calls share. */
interface Limits {
  readonly budget: ByteBudget;
  /** What waits for its turn is in memory, too. */
  readonly waiting: SharedBytes;
  readonly sendLimitMs: number;
  readonly tooManyAnswers: Fault;
}

/**
 * The answer of a unary call. Its headers go with its message: a call that ends before its turn has then sent nothing, and its status
 * goes alone, in a frame that a client gets which reads nothing. Behind headers, it would wait for the client to read.
 */
class Answer {
  readonly #call: ServerInterceptingCallInterface;
  readonly #stream: CallStream;
  readonly #limits: Limits;
  #headers = new Metadata();
  #sendHeaders: (() => void) | undefined;
  #giveBack: (() => void) | undefined;
  #stopWaiting: (() => void) | undefined;
  #limit: NodeJS.Timeout | undefined;
  #isWaiting = false;
  #hasCallEnded = false;

  constructor(call: ServerInterceptingCallInterface, limits: Limits) {
    this.#call = call;
    this.#stream = streamOf(call);
    this.#limits = limits;
    // Not at the end of the call, which comes before its bytes have gone when it ends twice: at a deadline and at a limit.
    this.#stream.onClose(() => {
      clearTimeout(this.#limit);
      this.#giveBack?.();
    });
  }

  holdHeaders(headers: Metadata, send: () => void): void {
    this.#headers = headers;
    this.#sendHeaders = send;
  }

  send(message: unknown, pass: () => void): void {
    if (this.#hasCallEnded) {
      // Nothing can be sent any more.
      return;
    }
    if (!Buffer.isBuffer(message) || message.length <= SMALL_ANSWER_BYTES) {
      this.sendLast(pass);
      return;
    }
    this.#isWaiting = true;
    this.#giveBack = this.#limits.budget.request(this.#call.getPeer(), message.length, () => {
      this.#endWaiting();
      this.sendLast(pass);
    });
    if (this.#isWaiting) {
      this.#wait(message);
    }
  }

  #wait(message: Buffer): void {
    this.#stopWaiting = this.#limits.waiting.hold(message);
    if (this.#stopWaiting === undefined) {
      this.withdraw();
      const status = richStatus(this.#limits.tooManyAnswers);
      // The headers were not sent: request id and key go with the status.
      status.metadata.merge(this.#headers);
      this.#call.sendStatus(status);
    }
  }

  #endWaiting(): void {
    this.#isWaiting = false;
    this.#stopWaiting?.();
    this.#stopWaiting = undefined;
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
      this.#endWaiting();
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
      this.#limit ??= setTimeout(() => this.#stream.reset(), this.#limits.sendLimitMs);
    }
  }
}

function tooManyAnswers(sendingBytesMax: number): Fault {
  return {
    reason: 'TOO_MANY_ANSWERS',
    message: `As many large answers wait to be sent as may, ${sendingBytesMax} bytes. Repeat the call, with the same key if it has one: then it gets this answer.`,
    facts: { sendingBytesMax: String(sendingBytesMax) },
    retryAfterMs: RETRY_AFTER_MS,
  };
}
