import { setTimeout as sleep } from 'node:timers/promises';
import { status } from '@grpc/grpc-js';
import type { Dice } from '../../../src/simulator/dice.ts';
import { isRepeatable } from '../../../src/simulator/persistent-call.ts';
import { type Answer, type AttemptOptions, attempt } from '../../../src/simulator/unary-attempt.ts';
import type { CallEvent } from '../history.ts';
import type { Recorder } from '../recorder.ts';
import type { Channel, Channels } from './channels.ts';
import { encodeRequest, type Intent, paths, readAnswer, recordOf } from './requests.ts';

export interface CallerOptions {
  readonly index: number;
  readonly channels: Channels;
  readonly recorder: Recorder;
  readonly health: Health;
}

/** Whether anything is broken. */
export interface Health {
  /** Since when all has been well, on the monotonic clock; infinite while it is not. */
  wellSinceMs: number;
}

/** How the first attempt of a call is made; later ones are patient and go to any server. */
export interface FirstAttempt extends Omit<AttemptOptions, 'key'> {
  readonly channel?: Channel;
}

/** A lease and a margin: the longest deadline of an attempt that was made before, and the pauses between attempts. */
const ANSWER_LIMIT_MS = 5_000 + 10_000;
const DEADLINE_MS = 5_000;
const FIRST_DELAY_MS = 50;
const DELAY_MS_MAX = 2_000;

/** One client, which retries as clients should: the same request with the same key, until there is an answer. */
export class Caller {
  readonly channels: Channels;
  readonly #options: CallerOptions;

  constructor(options: CallerOptions) {
    this.#options = options;
    this.channels = options.channels;
  }

  /** @returns the answer; undefined if there was none though all was well for long enough */
  async call(intent: Intent, dice: Dice, first: FirstAttempt = {}): Promise<CallEvent | undefined> {
    const { recorder, health } = this.#options;
    const beganAtMs = performance.now();
    const wellForMs = () => performance.now() - Math.max(health.wellSinceMs, beganAtMs);
    for (let failures = 0; wellForMs() < ANSWER_LIMIT_MS; failures += 1) {
      const { channel = this.channels.pick(dice), ...how } = failures === 0 ? first : {};
      const startMs = recorder.nowMs();
      const method = { path: paths[intent.method], requestSerialize: (bytes: Buffer) => bytes };
      const options = { deadlineMs: DEADLINE_MS, ...how, key: intent.key };
      const answer = await attempt(channel.client, method, encodeRequest(intent, dice), options);
      const heard = this.#note(intent, channel, startMs, answer);
      if (!isRepeatable(answer.code) && answer.code !== status.CANCELLED) {
        return heard;
      }
      const delayMs =
        answer.retryAfterMs ?? dice.between(FIRST_DELAY_MS / 5, Math.min(DELAY_MS_MAX, FIRST_DELAY_MS * 2 ** failures));
      await sleep(delayMs);
    }
    recorder.noteDeadKey({ record: recordOf(intent), waitedMs: wellForMs() });
    return undefined;
  }

  #note(intent: Intent, { server }: Channel, startMs: number, answer: Answer): CallEvent {
    const { index, recorder } = this.#options;
    const { code, reason, message, hash, isReplay } = answer;
    const call = {
      record: recordOf(intent),
      method: intent.method,
      client: index,
      request: intent.request,
      ...(intent.method === 'cancel' && { wanted: intent.orderId }),
      items: intent.method === 'create' ? intent.items : 0,
      server,
      startMs,
      endMs: recorder.nowMs(),
      code: status[code] ?? String(code),
      reason,
      message: code === status.OK ? '' : message,
      hash,
      isReplay,
      ...readAnswer(intent.method, answer),
    };
    recorder.noteCall(call);
    return { kind: 'call', ...call };
  }
}
