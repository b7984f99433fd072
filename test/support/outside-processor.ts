import type { ProcessingStep, Processor, StepContext, StepResult } from '../../src/fulfilment/processor.ts';

// What a team would write: three steps, each a call to another system, with the step's key. Orders whose note is `deaf` have steps
// that do not listen to their signal.

async function ask(step: string, direction: 'run' | 'undo', context: StepContext): Promise<StepResult> {
  const { order, idempotencyKey: key, signal } = context;
  const { orderId, customerId, note } = order;
  const response = await fetch(process.env['OUTSIDE_URL'] ?? '', {
    method: 'POST',
    body: JSON.stringify({ key, orderId, customerId, step, direction, processId: process.pid }),
    ...(note === 'deaf' ? {} : { signal }),
  });
  const text = await response.text();
  if (!response.ok) {
    throw new Error(text);
  }
  return JSON.parse(text);
}

function step(name: string): ProcessingStep {
  return {
    name,
    run: (context) => ask(name, 'run', context),
    undo: async (context) => void (await ask(name, 'undo', context)),
  };
}

export default { steps: [step('reserve'), step('charge'), step('ship')] } satisfies Processor;
