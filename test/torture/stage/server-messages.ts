import { z } from 'zod';
import type { PausePoint } from '../../../src/idempotency/index.ts';
import type { Service } from '../../../src/service.ts';

export const pausePoints = [
  'before_begin',
  'after_begin',
  'before_commit',
  'after_commit',
  'before_settle',
  'before_answer',
] as const satisfies readonly PausePoint[];

const armedRule = z.object({ point: z.enum(pausePoints), signal: z.enum(['SIGKILL', 'SIGSTOP']) });

/** What a server is to do to itself the next time that a call gets to a point. */
export type ArmedSignal = z.output<typeof armedRule>;

export function armedSignal(message: unknown): ArmedSignal | undefined {
  return armedRule.safeParse(message).data;
}

const figuresRule = z.object({ heapBytes: z.number(), calls: z.number(), runs: z.number(), isDegraded: z.boolean() });

/** What a server holds, after its garbage was collected. */
export type Figures = z.output<typeof figuresRule>;

export function figuresOf(service: Service | undefined): Figures {
  globalThis.gc?.();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return {
    heapBytes: heapUsed + arrayBuffers,
    ...(service?.activity() ?? { calls: 0, runs: 0, isDegraded: true }),
  };
}

export function readFigures(message: unknown): Figures | undefined {
  return figuresRule.safeParse(message).data;
}
