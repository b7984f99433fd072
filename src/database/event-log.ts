import { setTimeout as sleep } from 'node:timers/promises';
import { sql } from 'kysely';
import type { Client, QueryConfig, QueryResult } from 'pg';
import { z } from 'zod';
import type { EventLead, NumberedEvents, StreamEnd } from '../events/ports.ts';
import { orderStates } from '../orders/order.ts';
import type { NumberedEvent } from '../orders/order-event.ts';
import { connect } from './connect.ts';
import type { Database } from './database.ts';
import type { OrmOptions } from './orm.ts';

/** Any number that all processes of this service agree on, and no other user of the database is likely to choose. */
export const EVENT_LEAD_LOCK = 7_216_350_812;

/**
 * The server ends the session of a leader that is not heard of for so long, and with it the lead: a process that stands still must
 * not hold it for ever.
 */
const IDLE_LEAD_MS = 5_000;

/** Whoever stands by tries so often. */
const TRY_AGAIN_MS = 1_000;

const COLUMNS = `
  number, order_id, sequence, previous_state, state, reason, (extract(epoch from occurred_at) * 1000)::bigint as occurred_at_ms,
  trace_parent`;

const AFTER = `select ${COLUMNS} from order_events where number > $1 order by number limit $2`;

const LAST_NUMBER = 'select last_number from event_relay';

/**
 * The first numbers after the last go to events that have none. Events of one order are committed one after the other, and so each
 * is seen, and numbered, before the next.
 */
const NUMBER = `
  with unnumbered as (
    select order_id, sequence, row_number() over (order by occurred_at, order_id, sequence) as place
    from (select occurred_at, order_id, sequence from order_events where number is null
          order by occurred_at, order_id, sequence limit $1) as oldest),
  moved as (
    update event_relay set last_number = last_number + (select count(*) from unnumbered)
    where exists (select from unnumbered) returning last_number - (select count(*) from unnumbered) as before),
  numbered as (
    update order_events set number = moved.before + unnumbered.place from unnumbered, moved
    where order_events.order_id = unnumbered.order_id and order_events.sequence = unnumbered.sequence returning 1)
  select count(*)::integer as count from numbered`;

/**
 * Of one life are a stream and a database in which the stream's last entry is the event of its number, or would be, if one of the two
 * had not been deleted meanwhile.
 */
const RECONCILE = `
  with other_life as (
    select 1 from event_relay where last_number < $1
    union all
    select 1 from order_events where number = $1 and order_id || '/' || sequence <> $2::text),
  taken_back as (
    update order_events set number = null
    where number > (select published_number from event_relay) and exists (select from other_life))
  update event_relay set last_number = greatest(last_number, $1), published_number = greatest(published_number, $1)
  where exists (select from other_life) returning 1`;

const stateRule = z.enum(orderStates);

const eventRule = z
  .object({
    number: z.coerce.bigint(),
    order_id: z.string(),
    sequence: z.number(),
    previous_state: stateRule.nullable(),
    state: stateRule,
    reason: z.string(),
    occurred_at_ms: z.coerce.number(),
    trace_parent: z.string().nullable(),
  })
  .transform(
    (row): NumberedEvent => ({
      number: row.number,
      orderId: row.order_id,
      sequence: row.sequence,
      previousState: row.previous_state ?? undefined,
      state: row.state,
      reason: row.reason,
      time: new Date(row.occurred_at_ms),
      traceParent: row.trace_parent ?? undefined,
    }),
  );
const eventsRule = z.array(eventRule);
const lastNumberRule = z.tuple([z.object({ last_number: z.coerce.bigint() })]).transform(([row]) => row.last_number);
const countRule = z.tuple([z.object({ count: z.number() })]).transform(([row]) => row.count);

/** The numbered events, read through the pool. */
export class PostgresNumberedEvents implements NumberedEvents {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async lastNumber(): Promise<bigint> {
    const { rows } = await this.#database.read((em) => sql.raw(LAST_NUMBER).execute(em.getKysely<never>()));
    return lastNumberRule.parse(rows);
  }

  async after(number: bigint, limit: number): Promise<readonly NumberedEvent[]> {
    const query = sql`
      select ${sql.raw(COLUMNS)} from order_events where number > ${number}::bigint order by number limit ${limit}`;
    const { rows } = await this.#database.read((em) => query.execute(em.getKysely<never>()));
    return eventsRule.parse(rows);
  }
}

/**
 * Waits for the lead among all processes on this database. It is held by a session, and everything that only the leader may do goes
 * through the same session: whoever has lost the one has lost the other.
 * @returns undefined if the signal was aborted before
 */
export async function takeEventLead(options: OrmOptions, signal: AbortSignal): Promise<EventLead | undefined> {
  const client = await connect({ ...options, idleSessionTimeoutMs: IDLE_LEAD_MS });
  try {
    while (!signal.aborted) {
      const { rows } = await client.query('select pg_try_advisory_lock($1) as taken', [EVENT_LEAD_LOCK]);
      if (rows[0]?.taken === true && !signal.aborted) {
        return new PostgresEventLead(client);
      }
      await sleep(TRY_AGAIN_MS, undefined, { signal }).catch(() => {});
    }
  } catch (error) {
    await client.end();
    throw error;
  }
  await client.end();
  return undefined;
}

class PostgresEventLead implements EventLead {
  readonly #client: Client;
  #earlier: Promise<unknown> = Promise.resolve();

  constructor(client: Client) {
    this.#client = client;
  }

  async lastNumber(): Promise<bigint> {
    return lastNumberRule.parse((await this.#ask(LAST_NUMBER)).rows);
  }

  async after(number: bigint, limit: number): Promise<readonly NumberedEvent[]> {
    return eventsRule.parse((await this.#ask(AFTER, [String(number), limit])).rows);
  }

  async number(limit: number): Promise<number> {
    return countRule.parse((await this.#ask({ name: 'number_events', text: NUMBER, values: [limit] })).rows);
  }

  async reconcile({ number, eventId }: StreamEnd): Promise<boolean> {
    const { rowCount } = await this.#ask(RECONCILE, [String(number), eventId ?? null]);
    return rowCount !== 0;
  }

  async notePublished(number: bigint): Promise<void> {
    await this.#ask('update event_relay set published_number = least($1, last_number), published_at = now()', [
      String(number),
    ]);
  }

  async release(): Promise<void> {
    await this.#client.end();
  }

  /** Numbering and publishing ask side by side; a session is asked one thing after the other. */
  #ask(query: string | QueryConfig, values?: readonly unknown[]): Promise<QueryResult> {
    const ask = () => this.#client.query(query, values && [...values]);
    const answer = this.#earlier.then(ask, ask);
    this.#earlier = answer;
    return answer;
  }
}
