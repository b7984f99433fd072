import { setTimeout as sleep } from 'node:timers/promises';
import { type MethodDefinition, status } from '@grpc/grpc-js';
import type { Channel, Channels } from './channels.ts';
import { Dice } from './dice.ts';
import type { SimulationOptions } from './options.ts';
import { planCut } from './order-plan.ts';
import type { Tally } from './tally.ts';
import { type Answer, attempt } from './unary-attempt.ts';

export interface PersistentCall<Request> {
  readonly method: Pick<MethodDefinition<Request, unknown>, 'path' | 'requestSerialize'>;
  readonly request: Request;
  /** It also stands in the request and in its answer, where the proxy finds it. */
  readonly key: string;
  /** Tells calls with the same key apart. */
  readonly copy: string;
}

export interface PersistentCallDependencies {
  readonly channels: Channels;
  readonly tally: Tally;
  readonly options: Pick<SimulationOptions, 'seed' | 'faults'>;
  /** Aborted when nobody waits for answers any longer. */
  readonly patience: AbortSignal;
}

/** The pause before the next attempt is doubled each time, unless the server has named one: retries must not be what keeps it down. */
const FIRST_DELAY_MS = 100;
const DELAY_MS_MAX = 5_000;

/** What is repeated with the same key, by the rules of the README. */
const repeatableCodes: ReadonlySet<status> = new Set([
  status.UNAVAILABLE,
  status.ABORTED,
  status.DEADLINE_EXCEEDED,
  status.RESOURCE_EXHAUSTED,
  status.UNKNOWN,
  status.INTERNAL,
]);

export function isRepeatable(code: status): boolean {
  return repeatableCodes.has(code);
}

/** Calls again and again, with the same key, until there is an answer. @returns undefined if patience has ended before */
export async function callUntilAnswered<Request>(
  { method, request, key, copy }: PersistentCall<Request>,
  { channels, tally, options, patience }: PersistentCallDependencies,
): Promise<Answer | undefined> {
  const call = `${key}#${copy}`;
  const dice = new Dice(options.seed, 'attempts', call);
  tally.count('calls');
  for (let failures = 0; !patience.aborted; failures += 1) {
    const channel = channels.pick(dice);
    const disarm = failures === 0 ? arm(channel, call, key, options) : undefined;
    tally.count('attempts');
    const answer = await attempt(channel.client, method, request, { key });
    disarm?.();
    if (!isRepeatable(answer.code)) {
      return answer;
    }
    tally.countRetry(answer.reason);
    const delayMs =
      answer.retryAfterMs ?? dice.between(FIRST_DELAY_MS / 5, Math.min(DELAY_MS_MAX, FIRST_DELAY_MS * 2 ** failures));
    await sleep(delayMs, undefined, { signal: patience }).catch(() => {});
  }
  return undefined;
}

function arm(
  { proxy }: Channel,
  call: string,
  key: string,
  options: PersistentCallDependencies['options'],
): (() => void) | undefined {
  switch (planCut(call, options)) {
    case undefined:
      return undefined;
    case 'before':
      proxy.cut();
      return undefined;
    case 'during':
      return proxy.cutAt(key, 'client');
    case 'after':
      return proxy.cutAt(key, 'server');
  }
}
