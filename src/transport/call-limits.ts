import { ServerInterceptingCall, type ServerInterceptingCallInterface, type ServerInterceptor } from '@grpc/grpc-js';
import type { Fault } from './fault.ts';
import { richStatus } from './rich-status.ts';

export interface CallLimitOptions {
  /** More unary calls than this are turned away at once, whatever they would cost: each holds memory. */
  readonly callsOpenMax: number;
  /** More streams than this are turned away at once. */
  readonly streamsMax: number;
  /** A unary call without a deadline, or with a longer one, is ended after this. */
  readonly callLimitMs: number;
}

const RETRY_AFTER_MS = 1_000;
const HEALTH_SERVICE = '/grpc.health.v1.Health/';

/** Whoever asks for our health must be answered most of all when there is no room for anything else: it has places of its own. */
const HEALTH_CALLS_MAX = 1_000;

/**
 * Bounds the open calls, the open streams and the time that a unary call, or the request of a stream, may take, and can end all
 * that are open at a shutdown. How many calls work at once is bounded further inside, where it is known which of them wait or replay.
 */
export class CallLimits {
  readonly #options: CallLimitOptions;
  readonly #streams = new Set<ServerInterceptingCallInterface>();
  readonly #unaryCalls = new Set<ServerInterceptingCallInterface>();
  #openCalls = 0;
  #healthCalls = 0;
  #streamsNow = 0;

  constructor(options: CallLimitOptions) {
    this.#options = options;
  }

  /** How many unary calls are open now; those that ask for health are not counted. */
  get openNow(): number {
    return this.#openCalls;
  }

  readonly interceptor: ServerInterceptor = ({ path, requestStream, responseStream }, call) => {
    const isHealth = path.startsWith(HEALTH_SERVICE);
    const isStream = requestStream || responseStream;
    const fault = this.#limitReached(isStream, isHealth);
    if (fault !== undefined) {
      return refusing(call, fault);
    }
    const leave = this.#takePlace(isStream, isHealth);
    // A stream may go on for ever, but its request may not.
    const limit = setTimeout(() => send(call, this.#callLimitExceeded()), this.#options.callLimitMs);
    const open = isStream ? this.#streams : this.#unaryCalls;
    open.add(call);
    return new ServerInterceptingCall(call, {
      start: (next) =>
        next({
          onReceiveMessage: (message, pass) => {
            if (isStream) {
              clearTimeout(limit);
            }
            pass(message);
          },
          // The transport calls it exactly once, at the end of every call.
          onCancel: () => {
            clearTimeout(limit);
            open.delete(call);
            leave();
          },
        }),
    });
  };

  #limitReached(isStream: boolean, isHealth: boolean): Fault | undefined {
    const { callsOpenMax, streamsMax } = this.#options;
    if (isHealth) {
      return this.#healthCalls >= HEALTH_CALLS_MAX ? tooManyHealthCalls : undefined;
    }
    if (isStream) {
      return this.#streamsNow >= streamsMax ? tooManyStreams(streamsMax) : undefined;
    }
    return this.#openCalls >= callsOpenMax ? tooManyCalls(callsOpenMax) : undefined;
  }

  /** @returns gives it up */
  #takePlace(isStream: boolean, isHealth: boolean): () => void {
    if (isHealth) {
      this.#healthCalls += 1;
      return () => {
        this.#healthCalls -= 1;
      };
    }
    if (isStream) {
      this.#streamsNow += 1;
      return () => {
        this.#streamsNow -= 1;
      };
    }
    this.#openCalls += 1;
    return () => {
      this.#openCalls -= 1;
    };
  }

  /** Ends the streams, which would otherwise go on for ever. */
  endStreams(): void {
    for (const call of this.#streams) {
      send(call, {
        reason: 'SHUTTING_DOWN',
        message: 'The server is shutting down. Open the stream again, at another server.',
        retryAfterMs: RETRY_AFTER_MS,
      });
    }
  }

  /** Ends the unary calls that are open, before they would be cut off without a word. */
  endCalls(): void {
    for (const call of this.#unaryCalls) {
      send(call, {
        reason: 'SHUTTING_DOWN',
        message:
          'The server is shutting down, and the call had not ended. Repeat it with the same key: it may have ended by then.',
        retryAfterMs: RETRY_AFTER_MS,
      });
    }
  }

  #callLimitExceeded(): Fault {
    const { callLimitMs } = this.#options;
    return {
      reason: 'CALL_LIMIT_EXCEEDED',
      message: `The call took longer than the ${callLimitMs} ms that the server allows. Repeat it with the same key: it may have ended by then.`,
      facts: { callLimitMs: String(callLimitMs) },
      retryAfterMs: RETRY_AFTER_MS,
    };
  }
}

const tooManyHealthCalls: Fault = {
  reason: 'TOO_MANY_CALLS',
  message: `The server has ${HEALTH_CALLS_MAX} calls open that ask for its health, and takes no more. Repeat the call later.`,
  facts: { healthCallsMax: String(HEALTH_CALLS_MAX) },
  retryAfterMs: RETRY_AFTER_MS,
};

function tooManyCalls(callsOpenMax: number): Fault {
  return {
    reason: 'TOO_MANY_CALLS',
    message: `The server has ${callsOpenMax} calls open and takes no more. Repeat the call, with the same key if it has one.`,
    facts: { callsOpenMax: String(callsOpenMax) },
    retryAfterMs: RETRY_AFTER_MS,
  };
}

function tooManyStreams(streamsMax: number): Fault {
  return {
    reason: 'TOO_MANY_STREAMS',
    message: `The server has ${streamsMax} streams open and takes no more. Open the stream later, or at another server.`,
    facts: { streamsMax: String(streamsMax) },
    retryAfterMs: RETRY_AFTER_MS,
  };
}

function refusing(call: ServerInterceptingCallInterface, fault: Fault): ServerInterceptingCall {
  return new ServerInterceptingCall(call, {
    start: (next) => next({ onReceiveMetadata: () => send(call, fault) }),
  });
}

function send(call: ServerInterceptingCallInterface, fault: Fault): void {
  call.sendStatus(richStatus(fault));
}
