import { defineEntity, type InferEntity, p } from '@mikro-orm/core';
import { STEP_NAME, type StepState, stepStates } from '../../fulfilment/step.ts';
import { OrderSchema } from './order-schema.ts';

/** The steps of an order's processing that have begun, in their order. */
export const OrderStepSchema = defineEntity({
  name: 'OrderStepRow',
  tableName: 'order_steps',
  properties: {
    order: () => p.manyToOne(OrderSchema).primary().fieldName('order_id').deleteRule('cascade'),
    step: p.text().primary(),
    position: p.smallint(),
    state: p.text().$type<StepState>(),
  },
  checks: [
    { name: 'order_steps_step_check', expression: `step ~ '${STEP_NAME}'` },
    { name: 'order_steps_state_check', expression: `state in (${stepStates.map((state) => `'${state}'`).join(', ')})` },
  ],
});

/** Orders whose processing has failed for good, until somebody asks for another try. */
export const DeadLetterSchema = defineEntity({
  name: 'DeadLetterRow',
  tableName: 'dead_letters',
  properties: {
    order: () => p.manyToOne(OrderSchema).primary().fieldName('order_id').updateRule('no action').deleteRule('cascade'),
    /** The order's sequence when it failed: once it has changed since, another try is due. */
    sequence: p.integer(),
    /** The step that failed; null if it was none of them. */
    step: p.text().nullable(),
    failures: p.integer(),
    lastError: p.text(),
    failedAt: p.datetime(3),
  },
});

/** The processes that work on jobs, and when they were last seen alive. */
export const WorkerSchema = defineEntity({
  name: 'WorkerRow',
  tableName: 'workers',
  properties: {
    /** The name under which it locks jobs. */
    workerId: p.text().primary(),
    host: p.text(),
    processId: p.integer(),
    startedAt: p.datetime(3),
    heartbeatAt: p.datetime(3),
  },
});

export type OrderStepRow = InferEntity<typeof OrderStepSchema>;
