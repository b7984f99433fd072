import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from 'pg';
import { z } from 'zod';
import { poll } from '../../../src/embedded/poll.ts';
import { JOB_KEY_PREFIX } from '../../../src/fulfilment/jobs.ts';
import type { LeftEvent } from '../history.ts';
import { withDatabase } from '../stage/database-session.ts';
import type { Stage } from '../stage/stage.ts';
import { findLeftInRedis } from './left-in-redis.ts';

const countRule = z.tuple([z.object({ count: z.number() })]);

/** Pool of calls, pool of jobs, listener and own sessions of a server, generously; a leak grows past it. */
const SESSIONS_PER_SERVER_MAX = 30;
/** A server at rest holds some 60 MB, and with each leak more. */
const HEAP_MEGABYTES_MAX = 150;
const MEBIBYTE = 1_048_576;

const UNFINISHED = `
  select count(*)::integer from orders
  where state in ('PENDING', 'PROCESSING')`;
const UNPUBLISHED = `
  select count(*)::integer from order_events
  where number is null or number > (select published_number from event_relay)`;
const SESSIONS = `
  select count(*)::integer from pg_stat_activity
  where datname = current_database() and pid <> pg_backend_pid()`;
const OPEN_TRANSACTIONS = `${SESSIONS} and state like 'idle in transaction%'`;
const WAITING_LOCKS = 'select count(*)::integer from pg_locks where not granted';

const JOBLESS = `
  select count(*)::integer from orders
  where state = 'PENDING'
    and not exists (select from graphile_worker.jobs where key = '${JOB_KEY_PREFIX}' || order_id)
    and not exists (select from dead_letters where dead_letters.order_id = orders.order_id)`;

const LOOK_MS = 500;
/** A call without an answer ends after GRPC_CALL_LIMIT_MS, a minute. */
const QUIET_LIMIT_MS = 75_000;
/** The service looks for Redis once a second. */
const RECOVERY_LIMIT_MS = 15_000;

/** Waits until every order is final and every event is told. */
export async function comeToRest(url: string, limitMs: number, say: (what: string) => void): Promise<void> {
  await withDatabase(url, async (client) => {
    const endMs = performance.now() + limitMs;
    for (;;) {
      const [orders, events] = [await countOf(client, UNFINISHED), await countOf(client, UNPUBLISHED)];
      if (orders + events === 0 || performance.now() > endMs) {
        return;
      }
      say(`${orders} orders not final, ${events} events to publish`);
      await sleep(LOOK_MS);
    }
  });
}

/** What is still there though nobody calls any more. */
export async function findLeft({ postgres, redises: [redis], posts }: Stage): Promise<readonly LeftEvent[]> {
  const left: LeftEvent[] = await withDatabase(postgres.url, async (client) => [
    leftOf('orders that are not final', await countOf(client, UNFINISHED), 0),
    leftOf('events that are not published', await countOf(client, UNPUBLISHED), 0),
    leftOf('sessions of the database', await countOf(client, SESSIONS), posts.length * SESSIONS_PER_SERVER_MAX),
    leftOf('open transactions', await countOf(client, OPEN_TRANSACTIONS), 0),
    leftOf('waits for locks', await countOf(client, WAITING_LOCKS), 0),
  ]);
  for (const { slot } of posts) {
    const atRest = async () => {
      const held = await slot.figures();
      return held === undefined || held.calls + held.runs > 0 ? undefined : held;
    };
    const figures = (await poll(atRest, { timeoutMs: QUIET_LIMIT_MS, intervalMs: LOOK_MS })) ?? (await slot.figures());
    left.push(
      leftOf(`${slot.name}: ends that nobody caused`, slot.endedByItself, 0),
      leftOf(`${slot.name}: starts that led to nothing in time`, slot.startedLate, 0),
      leftOf(`${slot.name}: questions what it holds without an answer`, figures === undefined ? 1 : 0, 0),
      leftOf(`${slot.name}: megabytes of heap`, Math.round((figures?.heapBytes ?? 0) / MEBIBYTE), HEAP_MEGABYTES_MAX),
      leftOf(`${slot.name}: calls in flight`, figures?.calls ?? 0, 0),
      leftOf(`${slot.name}: records that it leads for`, figures?.runs ?? 0, 0),
    );
  }
  left.push(...(await findLeftInRedis(redis.url)));
  return left;
}

/** Who still goes without Redis some seconds after it is back. Asked before everything is killed: whoever starts anew begins well. */
export async function findDegraded({ posts }: Stage): Promise<readonly LeftEvent[]> {
  return await Promise.all(
    posts.map(async ({ slot }) => {
      const isWell = async () => ((await slot.figures())?.isDegraded === false ? true : undefined);
      const wasWell = await poll(isWell, { timeoutMs: RECOVERY_LIMIT_MS, intervalMs: LOOK_MS });
      return leftOf(`${slot.name}: goes without Redis, which is there`, wasWell ? 0 : 1, 0);
    }),
  );
}

/** Orders of which no worker has taken hold, and that have no job. Asked while no worker lives: later they would be given one. */
export async function findJobless(url: string): Promise<LeftEvent> {
  return await withDatabase(url, async (client) =>
    leftOf('orders that were placed without a job', await countOf(client, JOBLESS), 0),
  );
}

/** Ends the servers as an operator would. @returns how often they did not end in order, now and before */
export async function endInOrder({ posts }: Stage): Promise<readonly LeftEvent[]> {
  return await Promise.all(
    posts.map(async ({ slot }) => {
      await slot.stop();
      return leftOf(`${slot.name}: ends by force`, slot.endedByForce, 0);
    }),
  );
}

async function countOf(client: Client, query: string): Promise<number> {
  return countRule.parse((await client.query(query)).rows)[0].count;
}

function leftOf(what: string, count: number, allowed: number): LeftEvent {
  return { kind: 'left', what, count, allowed };
}
