import type { Drawing } from './drawing.ts';
import { drawIdempotencyStates } from './idempotency-states.ts';
import { drawMicroservicesOverview } from './microservices-overview.ts';
import { drawOrderFlow } from './order-flow.ts';
import { drawOrderFlowWithIdempotency } from './order-flow-with-idempotency.ts';

/** Every picture: the name of its file, and who draws it. */
export const pictures: Readonly<Record<string, () => Drawing>> = {
  'order_flow_diagram.png': () => drawOrderFlow(),
  'order_flow_with_idempotency.png': () => drawOrderFlowWithIdempotency(),
  'microservices_overview.png': () => drawMicroservicesOverview(),
  'idempotency_states.png': () => drawIdempotencyStates(),
};
