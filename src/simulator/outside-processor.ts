import { readEnvironment } from '../config/environment.ts';
import { defaultProcessor } from '../fulfilment/default-processor.ts';
import type { ProcessingStep, Processor, StepContext } from '../fulfilment/processor.ts';

/** Where the workers of a simulation find the outside world. */
export const OUTSIDE_WORLD_URL = 'OUTSIDE_WORLD_URL';

/** The default processor with effects: what it does not refuse is done in the simulator's outside world. */
const outsideProcessor: Processor = {
  steps: defaultProcessor.steps.map(
    ({ name, run }): ProcessingStep => ({
      name,
      run: async (context) => {
        const result = await run(context);
        if (result.kind === 'done') {
          await tellOutside('POST', name, context);
        }
        return result;
      },
      undo: (context) => tellOutside('DELETE', name, context),
    }),
  ),
};

async function tellOutside(
  method: 'POST' | 'DELETE',
  step: string,
  { order, idempotencyKey, signal }: StepContext,
): Promise<void> {
  const url = `${readEnvironment()[OUTSIDE_WORLD_URL]}/${order.orderId}/${step}`;
  const response = await fetch(url, { method, signal, headers: { 'idempotency-key': idempotencyKey } });
  await response.body?.cancel();
  if (!response.ok) {
    throw new Error(`the outside world answered ${response.status}`);
  }
}

export default outsideProcessor;
