import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { orderStates } from '../../../src/orders/order.ts';
import { FIRST_STATE, mayBecome } from '../../../src/orders/transitions.ts';
import { openStage, place, type Stage } from './stage.ts';

let stage: Stage;
let orderId: string;

beforeAll(async () => {
  stage = await openStage();
  orderId = await place(stage.service.client, 'customer');
}, 60_000);

afterAll(async () => {
  await stage.close();
}, 60_000);

/** Writes an event and takes it back. @returns the constraint that refused it */
async function refusalOf(sequence: number, from: string | null, to: string): Promise<string | undefined> {
  await stage.audit.run('begin');
  try {
    await stage.audit.run('delete from order_events where order_id = $1', [orderId]);
    await stage.audit.run(
      `insert into order_events (order_id, sequence, previous_state, state, reason, occurred_at)
      values ($1, $2, $3, $4, '', now())`,
      [orderId, sequence, from, to],
    );
    return undefined;
  } catch (error) {
    if (error instanceof Error && 'constraint' in error) return String(error.constraint);
    throw error;
  } finally {
    await stage.audit.run('rollback');
  }
}

const refused = 'order_events_transition_check';

test.each(orderStates)('the database takes %s as a first event if orders begin so', async (state) => {
  expect(await refusalOf(1, null, state)).toBe(state === FIRST_STATE ? undefined : refused);
});

test.each(orderStates.flatMap((from) => orderStates.map((to) => [from, to] as const)))(
  'the database takes an event from %s to %s exactly if the table of transitions has it',
  async (from, to) => {
    expect(await refusalOf(2, from, to)).toBe(mayBecome(from, to) ? undefined : refused);
  },
);
