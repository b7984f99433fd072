import { createHash, randomUUID } from 'node:crypto';
import type { Outcome, RecordIdentity } from '../../../../src/idempotency/index.ts';
import { recordIdentity } from '../../../../src/idempotency/record.ts';
import { placeOrder } from '../../../../src/orders/place-order.ts';
import { attemptOf, type Outcome as ModelOutcome, type Request, type State } from '../../../model/state.ts';
import { nameOf } from '../scripts/store-bench.ts';
import { positionOf, RealAttempt } from './real-attempt.ts';
import { type RealCall, RealProcess } from './real-process.ts';
import type { SequenceStage } from './sequence-stage.ts';

/** No lease ends and nothing expires while a sequence runs, unless the sequence says so. */
const LEASE_MS = 60_000;
const TIME_TO_LIVE_MS = 86_400_000;

/** The wall clocks of two processes differ by so much: no time of a record may come from them. */
const CLOCK_SHIFT_MS = 25 * 3_600_000;

/** A key that nobody has used before, and its calls: what the model has, in reality. */
export class RealKey {
  readonly stage: SequenceStage;
  readonly key = randomUUID();
  readonly calls: RealCall[] = [];
  /** What a replica has that fell behind; undefined: nothing. */
  replica: Buffer | undefined;
  /** How long it keeps it; 0: for ever. */
  replicaLeftMs = 0;
  readonly #expiredKeyIsNew: boolean;
  readonly #processes = new Map<number, RealProcess>();

  constructor(stage: SequenceStage, expiredKeyIsNew: boolean) {
    this.stage = stage;
    this.#expiredKeyIsNew = expiredKeyIsNew;
  }

  /** Under which name Redis has the record. */
  get redisName(): string {
    return nameOf(this.recordOf('a'));
  }

  /** The key of the table. */
  get ledgerId(): Buffer {
    return Buffer.from(this.recordOf('a').id, 'hex');
  }

  recordOf(request: Request, principal = 'anonymous'): RecordIdentity {
    return recordIdentity({
      principal,
      method: '/test.v1.TestService/Test',
      key: { value: this.key, source: 'client' },
      fingerprint: { version: 1, hash: createHash('sha256').update(request).digest('hex') },
      policy: {
        keyRequired: false,
        timeToLiveMs: TIME_TO_LIVE_MS,
        leaseMs: LEASE_MS,
        longestWaitMs: LEASE_MS,
        expiredKeyIsNew: this.#expiredKeyIsNew,
        fingerprintExclusions: [],
      },
    });
  }

  /** A call arrives in a process, which is begun if it is the first there. */
  call(process: number, request: Request): void {
    const order = placeOrder({
      customerId: this.key,
      items: [{ sku: 'tea', quantity: 1, unitPrice: { currency: 'EUR', units: 4n, nanos: 0 } }],
      total: { currency: 'EUR', units: 4n, nanos: 0 },
      note: request,
      labels: new Map(),
    });
    const call: RealCall = {
      attempt: new RealAttempt(),
      record: this.recordOf(request),
      response: Buffer.from(order.orderId),
      failure: { kind: 'failed', code: 9, message: order.orderId, details: Buffer.of() },
      place: (entry) => this.stage.orders.place(order, entry),
    };
    this.calls.push(call);
    const { store, ledger } = this.stage;
    const running = this.#processes.get(process) ?? new RealProcess(store, ledger, process * CLOCK_SHIFT_MS);
    this.#processes.set(process, running);
    running.call(call);
  }

  callOf(index: number): RealCall {
    const call = this.calls[index];
    if (call === undefined) {
      throw new RangeError(`there is no call ${index}`);
    }
    return call;
  }

  attemptOf(index: number): RealAttempt {
    return this.callOf(index).attempt;
  }

  /** All attempts of a process are gone. @param indices theirs */
  crash(indices: readonly number[]): void {
    for (const index of indices) {
      this.attemptOf(index).die();
    }
  }

  /** What was answered until now belongs to an earlier life of the key. */
  forgetAnswers(): void {
    for (const { attempt } of this.calls) {
      if (attempt.at === 'answered') {
        attempt.arrive('ended');
      }
    }
  }

  /** What the outcome of an attempt is in bytes. */
  outcomeOf({ kind, by }: ModelOutcome): Outcome {
    const { response, failure } = this.callOf(by);
    return kind === 'ok' ? { kind: 'completed', response } : failure;
  }

  /** Nobody waits any longer: the sequence is over, and what still stands somewhere stands there for ever. */
  end(): void {
    for (const { attempt } of this.calls) {
      attempt.gone.abort();
    }
  }

  /** Waits until all attempts stand where the model has them. @throws if they do not, or have other things in hand */
  async agree(state: State): Promise<void> {
    // What follows from a step without waiting for anybody has happened after this.
    await new Promise(setImmediate);
    for (const [index, { attempt }] of this.calls.entries()) {
      const expected = attemptOf(state, index);
      await attempt.comeTo(positionOf(expected));
      const isBehind = attempt.behind?.kind ?? 'none';
      if (isBehind !== expected.behind) {
        throw new Error(`attempt ${index} has to ${isBehind}, and the model says ${expected.behind}`);
      }
      if (expected.phase === 'answering' || expected.phase === 'answered') {
        requireSame(
          `the outcome of attempt ${index}`,
          attempt.outcome,
          expected.outcome && this.outcomeOf(expected.outcome),
        );
      }
      if (expected.phase === 'committing' && expected.result !== 'none') {
        requireSame(`what the ledger said to attempt ${index}`, attempt.result, expected.result);
      }
    }
  }
}

/** @throws if the two are not the same */
export function requireSame(what: string, real: unknown, expected: unknown): void {
  const [realText, expectedText] = [inText(real), inText(expected)];
  if (realText !== expectedText) {
    throw new Error(`${what} is ${realText}, and the model says ${expectedText}`);
  }
}

function inText(value: unknown): string {
  return (
    JSON.stringify(value, (_name, part: unknown) => {
      const isBytes =
        typeof part === 'object' && part !== null && 'type' in part && part.type === 'Buffer' && 'data' in part;
      return isBytes && Array.isArray(part.data) ? Buffer.from(part.data).toString('latin1') : part;
    }) ?? 'nothing'
  );
}
