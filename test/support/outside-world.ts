import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import { z } from 'zod';
import type { StepResult } from '../../src/fulfilment/processor.ts';
import { withinLimit } from './within-limit.ts';

/** For a call that has to come soon, also on a busy machine. */
const LIMIT_MS = 30_000;

const callRule = z.object({
  key: z.string(),
  orderId: z.string(),
  customerId: z.string(),
  step: z.string(),
  direction: z.enum(['run', 'undo']),
  processId: z.number(),
});

/** What the outside is asked to do: a step of an order, or to take it back. */
export interface OutsideCall extends z.output<typeof callRule> {
  /** How often this key has been seen, with this call. */
  readonly number: number;
  /** Resolves when the caller no longer waits. */
  readonly gone: Promise<void>;
}

/** What the outside answers to a call; an error makes the step fail. */
export type OutsideBehaviour = (call: OutsideCall) => StepResult | Promise<StepResult>;

/** The systems that a processor calls. They know the keys that they were given, and do each thing once. */
export interface OutsideWorld extends AsyncDisposable {
  readonly url: string;
  /** Everything that was asked, also again and again. */
  readonly calls: readonly OutsideCall[];
  /** What was done for a customer, each key once, in order: `run charge`. */
  effectsOf(customerId: string): readonly string[];
  /** From now on, for the orders of a customer. */
  on(customerId: string, behaviour: OutsideBehaviour): void;
  /** Resolves with the call that does so much for a customer for the nth time. */
  called(customerId: string, what: string, number?: number): Promise<OutsideCall>;
  stop(): Promise<void>;
}

const nameOf = ({ direction, step }: OutsideCall) => `${direction} ${step}`;

export async function startOutsideWorld(): Promise<OutsideWorld> {
  const calls: OutsideCall[] = [];
  const behaviours = new Map<string, OutsideBehaviour>();
  const listeners = new Set<() => void>();
  const server = createServer((request, response) => {
    const gone = once(response, 'close').then(() => {});
    void readJson(request).then(async (json) => {
      const asked = callRule.parse(json);
      const number = calls.filter(({ key }) => key === asked.key).length + 1;
      const call = { ...asked, number, gone };
      calls.push(call);
      for (const listener of listeners) listener();
      try {
        const behave = behaviours.get(call.customerId);
        response.end(JSON.stringify(behave === undefined ? { kind: 'done' } : await behave(call)));
      } catch (error) {
        response.writeHead(500).end(error instanceof Error ? error.message : 'no reason');
      }
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the outside has no port');
  const find = (customerId: string, what: string, number: number) =>
    calls.find((call) => call.customerId === customerId && nameOf(call) === what && call.number === number);
  const called = (customerId: string, what: string, number = 1) => {
    const call = new Promise<OutsideCall>((resolve) => {
      const listener = () => {
        const made = find(customerId, what, number);
        if (made === undefined) return;
        listeners.delete(listener);
        resolve(made);
      };
      listeners.add(listener);
      listener();
    });
    return withinLimit(`call ${number} to ${what} for ${customerId}`, call, LIMIT_MS);
  };
  const stop = async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  return {
    url: `http://127.0.0.1:${address.port}`,
    calls,
    effectsOf: (customerId) => calls.filter((call) => call.customerId === customerId && call.number === 1).map(nameOf),
    on: (customerId, behaviour) => void behaviours.set(customerId, behaviour),
    called,
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

async function readJson(request: IncomingMessage): Promise<unknown> {
  let text = '';
  for await (const piece of request.setEncoding('utf8')) text += String(piece);
  return JSON.parse(text);
}
