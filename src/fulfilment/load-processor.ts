import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { z } from 'zod';
import { defaultProcessor } from './default-processor.ts';
import type { ProcessingStep, Processor } from './processor.ts';
import { STEP_NAME } from './step.ts';

const STEPS_MAX = 20;

const stepRule = z.custom<ProcessingStep>(
  (step) =>
    isObject(step) && typeof step['run'] === 'function' && ['undefined', 'function'].includes(typeof step['undo']),
  'a step is an object with a name, a function run and, if it can be taken back, a function undo',
);

const processorRule = z.object(
  {
    steps: z
      .array(
        stepRule.refine(
          ({ name }) => typeof name === 'string' && new RegExp(STEP_NAME).test(name),
          'the name of a step has 1 to 63 of a-z, 0-9 and -, and begins with a letter',
        ),
      )
      .max(STEPS_MAX, `a processor has at most ${STEPS_MAX} steps`)
      .refine((steps) => new Set(steps.map(({ name }) => name)).size === steps.length, 'two steps have the same name'),
  },
  'it is no object with a list `steps`',
);

/** A processor cannot be used. The message says which, and why. */
export class ProcessorError extends Error {
  override readonly name = 'ProcessorError';
}

/**
 * Loads the processor of a team: the default export of a module.
 * @param path from the working directory; undefined: the default processor
 * @throws ProcessorError
 */
export async function loadProcessor(path: string | undefined): Promise<Processor> {
  if (path === undefined) {
    return defaultProcessor;
  }
  const module = await importModule(path);
  const result = processorRule.safeParse(module['default']);
  if (!result.success) {
    const faults = result.error.issues.map(
      (issue) => `${issue.path.join('.') || 'the default export'}: ${issue.message}`,
    );
    throw new ProcessorError(
      `${path} has no processor as its default export (FULFILMENT_PROCESSOR).\n${faults.join('\n')}`,
    );
  }
  return result.data;
}

async function importModule(path: string): Promise<Record<string, unknown>> {
  try {
    const module: unknown = await import(pathToFileURL(resolve(path)).href);
    return isObject(module) ? module : {};
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new ProcessorError(`The processor ${path} cannot be loaded (FULFILMENT_PROCESSOR): ${why}`, { cause });
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
