import { AsyncLocalStorage } from 'node:async_hooks';
import type { Conclusion } from '../../../../src/idempotency/attempt.ts';
import { Coordinator } from '../../../../src/idempotency/coordinator.ts';
import { isIdempotencyError } from '../../../../src/idempotency/errors.ts';
import {
  type Attempt,
  type CommitWork,
  IdempotencyError,
  type Ledger,
  type Outcome,
  type RecordIdentity,
  type Store,
} from '../../../../src/idempotency/index.ts';
import type { Claim, ClaimReply } from '../../../../src/idempotency/store.ts';
import type { RealAttempt } from './real-attempt.ts';

/** What an attempt does if it is told to. */
export interface RealCall {
  readonly attempt: RealAttempt;
  readonly record: RecordIdentity;
  readonly response: Buffer;
  readonly failure: Extract<Outcome, { kind: 'failed' }>;
  /** Places an order with the ledger entry. */
  readonly place: CommitWork;
}

/** A waiter asks again so soon that a sequence need not wait for it. */
const RECHECK_MS = 1;
const LIMIT_MS = 3_600_000;

const refusals: ReadonlySet<string> = new Set(['IDEMPOTENCY_KEY_REUSED', 'IDEMPOTENCY_KEY_EXPIRED']);

/** The database has refused a statement, which a handler may send again. */
class StatementRefusedError extends Error {
  override readonly name = 'StatementRefusedError';
}

/** A process: the real coordinator on real stores, whose calls stop wherever a step of the model begins. */
export class RealProcess {
  readonly #calling = new AsyncLocalStorage<RealAttempt>();
  readonly #attempts = new Map<Claim, RealAttempt>();
  readonly #coordinator: Coordinator;
  readonly #ledger: Ledger;
  readonly #clockShiftMs: number;

  /** @param clockShiftMs by how much its wall clock is wrong */
  constructor(store: Store, ledger: Ledger, clockShiftMs: number) {
    this.#ledger = ledger;
    this.#clockShiftMs = clockShiftMs;
    this.#coordinator = new Coordinator({
      store: this.#steppedStore(store),
      ledger: { read: (id) => this.#read(id), record: (entry) => this.#commit(entry, (own) => ledger.record(own)) },
      report: () => {},
      recheckMs: RECHECK_MS,
      waitersPerKeyMax: 10,
      runsMax: 10,
      leadsMax: 10,
      handlerLimitMs: LIMIT_MS,
      responseBytesMax: 1_000,
    });
  }

  /** Begins a call. What becomes of it shows in the attempt. */
  call(call: RealCall): void {
    const { attempt } = call;
    attempt.at = 'following';
    this.#calling
      .run(attempt, () => this.#play(call))
      .catch((error: unknown) => attempt.arrive(isRefusal(error) ? 'refused' : 'ended'));
  }

  async #play(call: RealCall): Promise<void> {
    const { attempt, record } = call;
    const patience = { endsAtMs: performance.now() + LIMIT_MS, signal: attempt.gone.signal, waitedMs: 0 };
    const beginning = await this.#coordinator.begin(record, patience, () => call.response);
    if (beginning.kind === 'replay') {
      await answer(attempt, beginning.outcome);
      return;
    }
    const conclusion = await this.#handle(call, beginning.attempt);
    if (conclusion.kind === 'answer') {
      await answer(attempt, conclusion.outcome);
    } else {
      attempt.arrive(conclusion.kind === 'refused' && isRefusal(conclusion.error) ? 'refused' : 'ended');
    }
  }

  /** The handler: it tries again if its statement is refused. */
  async #handle({ attempt, response, failure, place }: RealCall, run: Attempt): Promise<Conclusion> {
    for (;;) {
      const decision = await attempt.stop('runningHandler');
      if (decision === 'finalFailure') {
        return await run.conclude({ kind: 'finalFailure', outcome: failure });
      }
      if (decision === 'giveBack') {
        return await run.conclude({ kind: 'transientFailure' });
      }
      try {
        await run.commit(response, (entry) => this.#commit(entry, place));
        return await run.conclude({ kind: 'response', response });
      } catch (error) {
        if (!(error instanceof StatementRefusedError)) {
          return await run.conclude({ kind: 'response', response });
        }
      }
    }
  }

  async #commit(...[entry, work]: [...Parameters<CommitWork>, CommitWork]): ReturnType<CommitWork> {
    const attempt = this.#caller();
    attempt.statement = () => work(entry);
    const decision = await attempt.stop('committing');
    if (decision === 'fail') {
      attempt.statement = undefined;
      throw new StatementRefusedError();
    }
    if (decision === 'unknown') {
      throw connectionLost();
    }
    const result = await work(entry);
    attempt.statement = undefined;
    attempt.result = result;
    if ((await attempt.stop('told')) === 'unknown') {
      throw connectionLost();
    }
    return result;
  }

  async #read(id: string): ReturnType<Ledger['read']> {
    if ((await this.#caller().stop('reading')) === 'fail') {
      throw new Error('the database does not answer');
    }
    return await this.#ledger.read(id);
  }

  #steppedStore(store: Store): Store {
    const behind = (kind: 'settle' | 'release', claim: Claim, run: () => Promise<ClaimReply>) => {
      const reply = Promise.withResolvers<ClaimReply>();
      this.#ownerOf(claim).behind = {
        kind,
        run: async () => {
          const given = await run();
          reply.resolve(given);
          return given;
        },
      };
      return reply.promise;
    };
    return {
      newClaim: (record) => {
        const attempt = this.#caller();
        attempt.claim = store.newClaim(record);
        this.#attempts.set(attempt.claim, attempt);
        return attempt.claim;
      },
      begin: async (claim) => {
        const attempt = this.#ownerOf(claim);
        const decision = await attempt.stop('asking');
        if (decision === 'fail' || decision === 'delayed') {
          return { kind: 'unavailable' };
        }
        const reply = await this.#atItsClock(() => store.begin(claim));
        attempt.reply = reply.kind === 'acquired' && reply.takeover ? 'takeover' : reply.kind;
        return decision === 'unheard' ? { kind: 'unavailable' } : reply;
      },
      // The lease is renewed when the sequence says so, and not by the clock.
      renew: async () => 'lost',
      settle: (claim, outcome, timeToLiveMs) =>
        behind('settle', claim, () => this.#atItsClock(() => store.settle(claim, outcome, timeToLiveMs))),
      // The call goes on before it is done, as it does when Redis gives no answer in time.
      release: (claim) => {
        void behind('release', claim, () => store.release(claim));
        return Promise.resolve('unavailable');
      },
      watch: (id) => store.watch(id),
    };
  }

  /** Whatever a question to Redis is made of is made before its promise is there. */
  #atItsClock<T>(ask: () => Promise<T>): Promise<T> {
    const { now } = Date;
    Date.now = () => now() + this.#clockShiftMs;
    try {
      return ask();
    } finally {
      Date.now = now;
    }
  }

  #caller(): RealAttempt {
    return required(this.#calling.getStore());
  }

  #ownerOf(claim: Claim): RealAttempt {
    return required(this.#attempts.get(claim));
  }
}

async function answer(attempt: RealAttempt, outcome: Outcome): Promise<void> {
  attempt.outcome = outcome;
  attempt.arrive((await attempt.stop('answering')) === 'lost' ? 'ended' : 'answered');
}

function isRefusal(error: unknown): boolean {
  return isIdempotencyError(error) && refusals.has(error.reason);
}

function connectionLost(): IdempotencyError {
  return new IdempotencyError('OUTCOME_UNKNOWN', 'The connection is lost.');
}

function required(attempt: RealAttempt | undefined): RealAttempt {
  if (attempt === undefined) {
    throw new Error('nobody is known to call');
  }
  return attempt;
}
