import { Client } from 'pg';
import { z } from 'zod';
import { JOB_KEY_PREFIX } from '../fulfilment/jobs.ts';
import { orderStates } from '../orders/order.ts';
import { isFinal } from '../orders/transitions.ts';
import type { KeptOrder } from './evidence.ts';
import { KEY_LABEL } from './requests.ts';

/** How much is still to be done for the orders of a run. */
export interface Unfinished {
  readonly orders: number;
  readonly jobs: number;
  readonly setAside: number;
  /** Events that are not in the stream. */
  readonly events: number;
  /** The number of the newest event. */
  readonly lastNumber: bigint;
}

const stateRule = z.enum(orderStates);

const orderRule = z.object({
  order_id: z.string(),
  key: z.string(),
  state: stateRule,
  state_reason: z.string(),
  sequence: z.number(),
  events: z.array(
    z.object({
      sequence: z.number(),
      state: stateRule,
      previous_state: stateRule.nullable(),
      time_ms: z.number(),
    }),
  ),
});

const unfinishedRule = z.tuple([
  z
    .object({
      orders: z.number(),
      jobs: z.number(),
      set_aside: z.number(),
      events: z.number(),
      last_number: z.coerce.bigint(),
    })
    .transform(({ set_aside: setAside, last_number: lastNumber, ...counts }) => ({ ...counts, setAside, lastNumber })),
]);

const countRule = z.tuple([z.object({ count: z.number() })]);

const unfinishedStates = orderStates.filter((state) => !isFinal(state));

/** Orders are found by the label that the customers have given them, and not by the ledger, which is what is to be checked. */
const ORDERS = `
  select order_id, labels->>'${KEY_LABEL}' as key, state, state_reason, sequence,
    coalesce((select json_agg(json_build_object('sequence', sequence, 'state', state, 'previous_state', previous_state,
        'time_ms', (extract(epoch from occurred_at) * 1000)::bigint) order by sequence)
      from order_events where order_events.order_id = orders.order_id), '[]') as events
  from orders
  where starts_with(labels->>'${KEY_LABEL}', $1) and ($2::uuid is null or order_id > $2::uuid)
  order by order_id limit $3`;

const PAGE = 5_000;

const UNFINISHED = `
  with ours as (select order_id, state from orders where starts_with(labels->>'${KEY_LABEL}', $1)),
  told as (select number from order_events where order_id in (select order_id from ours))
  select
    (select count(*)::integer from ours where state = any($2)) as orders,
    (select count(*)::integer from ours join graphile_worker.jobs on key = $3 || order_id::text) as jobs,
    (select count(*)::integer from dead_letters where order_id in (select order_id from ours)) as set_aside,
    (select count(*)::integer from told
      where number is null or number > (select published_number from event_relay)) as events,
    (select coalesce(max(number), 0) from told) as last_number`;

/** The database, as the judge sees it: on a connection of its own, past all code that is judged. */
export class OrderDatabase implements AsyncDisposable {
  readonly #client: Client;
  readonly #run: string;

  private constructor(client: Client, run: string) {
    this.#client = client;
    this.#run = run;
  }

  /** @param run what the keys of the run begin with */
  static async open(url: string, run: string): Promise<OrderDatabase> {
    const client = new Client({ connectionString: url });
    // Unheard, the event would end the process; the next query fails with it.
    client.on('error', () => {});
    await client.connect();
    return new OrderDatabase(client, run);
  }

  async unfinished(): Promise<Unfinished> {
    const { rows } = await this.#client.query(UNFINISHED, [`${this.#run}-`, unfinishedStates, JOB_KEY_PREFIX]);
    return unfinishedRule.parse(rows)[0];
  }

  /** How many workers have said that they are alive. */
  async workers(): Promise<number> {
    const { rows } = await this.#client.query('select count(*)::integer as count from workers');
    return countRule.parse(rows)[0].count;
  }

  async orders(): Promise<readonly KeptOrder[]> {
    const orders: KeptOrder[] = [];
    for (;;) {
      const { rows } = await this.#client.query(ORDERS, [`${this.#run}-`, orders.at(-1)?.orderId ?? null, PAGE]);
      orders.push(...z.array(orderRule).parse(rows).map(toKeptOrder));
      if (rows.length < PAGE) {
        return orders;
      }
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#client.end();
  }
}

function toKeptOrder(row: z.output<typeof orderRule>): KeptOrder {
  return {
    orderId: row.order_id,
    key: row.key,
    state: row.state,
    stateReason: row.state_reason,
    sequence: row.sequence,
    events: row.events.map((event) => ({
      sequence: event.sequence,
      state: event.state,
      previousState: event.previous_state ?? undefined,
      time: new Date(event.time_ms),
    })),
  };
}
