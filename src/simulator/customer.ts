import { setTimeout as sleep } from 'node:timers/promises';
import { CreateOrderResponse, OrderServiceService } from '../generated/orders/v1/order_service.ts';
import { type FollowDependencies, followOrder } from './follow-order.ts';
import type { CallPlan, OrderPlan } from './order-plan.ts';
import { callUntilAnswered, type PersistentCall, type PersistentCallDependencies } from './persistent-call.ts';
import { cancelRequest, createRequest } from './requests.ts';
import type { Timing } from './tally.ts';
import type { Answer } from './unary-attempt.ts';

export interface CustomerDependencies extends PersistentCallDependencies, FollowDependencies {
  /** Aborted when the load ends early: what was to come later does not come. */
  readonly loadEnd: AbortSignal;
}

type Call<Request> = Pick<PersistentCall<Request>, 'method' | 'request'>;

/** Does what one customer has planned: places an order, follows it, cancels it, and repeats calls as customers do. */
export async function beCustomer(plan: OrderPlan, dependencies: CustomerDependencies): Promise<void> {
  const { journal } = dependencies;
  const { create, cancel, watchAfter } = plan;
  journal.begin(create.key, 'create');
  const request = createRequest(plan);
  const placing = repeatedly(
    create,
    { method: OrderServiceService.createOrder, request },
    { ...request, customerId: `${plan.customerId}-another` },
    'create',
    dependencies,
  );
  const answer = await placing.first;
  const order = answer?.bytes && CreateOrderResponse.decode(answer.bytes).order;
  const rest: Promise<unknown>[] = [placing.all];
  if (order !== undefined) {
    journal.noteCreated(create.key, order.orderId);
    if (watchAfter !== undefined) {
      rest.push(followOrder(order.orderId, watchAfter, dependencies));
    }
    if (cancel !== undefined && (await isTimeFor(cancel.afterMs, dependencies))) {
      journal.begin(cancel.key, 'cancel', order.orderId);
      const method = OrderServiceService.cancelOrder;
      const call = { method, request: cancelRequest(order.orderId, cancel.key) };
      const altered = cancelRequest(order.orderId, 'another reason');
      rest.push(repeatedly(cancel, call, altered, 'cancel', dependencies).all);
    }
  }
  await Promise.all(rest);
}

/** Makes a call, and its repetition if one is planned. */
function repeatedly<Request>(
  { key, repetition }: CallPlan,
  call: Call<Request>,
  altered: Request,
  timing: Timing,
  dependencies: CustomerDependencies,
): { readonly first: Promise<Answer | undefined>; readonly all: Promise<unknown> } {
  const make = (copy: string) => callAndNote({ ...call, key, copy }, timing, dependencies);
  const first = make('first');
  const again = async () => {
    switch (repetition?.kind) {
      case undefined:
        return;
      case 'inParallel':
        await make('parallel');
        return;
      case 'later':
        if (await isTimeFor(repetition.afterMs, dependencies)) await make('later');
        return;
      case 'afterAnswer':
        await first;
        if (await isTimeFor(repetition.afterMs, dependencies)) await make('again');
        return;
      case 'altered':
        // Before the answer the key could become the other request's.
        if ((await first) !== undefined)
          await misuse({ ...call, request: altered, key, copy: 'altered' }, dependencies);
    }
  };
  return { first, all: Promise.all([first, again()]) };
}

async function callAndNote<Request>(
  call: PersistentCall<Request>,
  timing: Timing,
  dependencies: CustomerDependencies,
): Promise<Answer | undefined> {
  const { journal, tally } = dependencies;
  const answer = await callUntilAnswered(call, dependencies);
  if (answer === undefined) {
    journal.noteUnanswered(call.key);
    return undefined;
  }
  journal.noteAnswer(call.key, answer);
  tally.count(answer.isReplay ? 'replayed' : 'executed');
  tally.time(answer.isReplay ? 'replay' : timing, answer.tookMs);
  if (answer.bytes === undefined) {
    tally.countRefusal(answer.reason);
  }
  return answer;
}

/** Sends another request under a key that is spent. */
async function misuse<Request>(call: PersistentCall<Request>, dependencies: CustomerDependencies): Promise<void> {
  const answer = await callUntilAnswered(call, dependencies);
  if (answer === undefined) {
    dependencies.journal.noteUnanswered(call.key);
  } else if (answer.reason === 'IDEMPOTENCY_KEY_REUSED') {
    dependencies.tally.countRefusal(answer.reason);
  } else {
    dependencies.journal.noteAlteredAccepted(call.key);
  }
}

/** @returns false if the load has ended before */
async function isTimeFor(afterMs: number, { loadEnd }: CustomerDependencies): Promise<boolean> {
  await sleep(afterMs, undefined, { signal: loadEnd }).catch(() => {});
  return !loadEnd.aborted;
}
