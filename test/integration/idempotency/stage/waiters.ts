import type { EchoService } from '../../../support/echo-service.ts';
import type { CallOptions, CallResult } from '../../../support/unary-call.ts';
import { say } from './calls.ts';
import { until } from './until.ts';

/** Sends equal calls at once; resolves when all of them have come in. */
export async function sendDuplicates(
  to: EchoService,
  count: number,
  text: string,
  options: CallOptions,
): Promise<{ readonly results: Promise<readonly CallResult[]> }> {
  const before = to.callsInFlight();
  const calls = Array.from({ length: count }, () => say(to, { text }, options));
  await until(`the arrival of ${count} calls`, () => to.callsInFlight() === before + count);
  return { results: Promise.all(calls) };
}

/** The different answers among some results: one, if all callers were told the same. */
export function differentAnswers(results: readonly CallResult[]): string[] {
  const answers = results.map(({ code, message, response }) => `${code} ${message} ${response?.toString('hex')}`);
  return [...new Set(answers)];
}
