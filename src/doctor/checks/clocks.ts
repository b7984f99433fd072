import { z } from 'zod';
import { readableAge } from '../age.ts';
import { type Clock, firstRow, type PostgresPort, type RedisPort } from '../ports.ts';
import { fault, ok, type Remark, warning } from '../remark.ts';

/** NTP holds machines together within some milliseconds: a second is a clock that nobody sets any more. */
const APART_WARNING_MS = 1_000;

/** So far apart, leases (5 s) and the death of a worker (10 s) seen on one clock mean nothing to whoever reads the other. */
const APART_FAULT_MS = 30_000;

/** The quickest of some answers has the least doubt in it. */
const ASKED_TIMES = 3;

const postgresRule = z.object({ now_ms: z.coerce.number() });
const redisRule = z.tuple([z.coerce.number(), z.coerce.number()]);

/** This machine's clock against that of PostgreSQL. */
export async function checkPostgresClock(postgres: PostgresPort, clock: Clock): Promise<Remark> {
  const apart = await postgres.session(async (query) => {
    const ask = async () =>
      (await firstRow(query, postgresRule, 'select extract(epoch from clock_timestamp()) * 1000 as now_ms')).now_ms;
    return await measure(ask, clock);
  });
  return judge('PostgreSQL', apart, 'times of orders and ids are of this machine; expiry and jobs go by PostgreSQL');
}

/** This machine's clock against that of Redis. */
export async function checkRedisClock(redis: RedisPort, clock: Clock): Promise<Remark> {
  const ask = async () => {
    const [seconds, microseconds] = redisRule.parse(await redis.call('TIME'));
    return seconds * 1_000 + microseconds / 1_000;
  };
  return judge(
    'Redis',
    await measure(ask, clock),
    'leases go by Redis: while its clock jumps, calls wait or ask the ledger',
  );
}

interface Apart {
  readonly aheadMs: number;
  readonly doubtMs: number;
}

/** How far another clock is ahead, taken at the middle of the round trip; half of that is how wrong it may be. */
async function measure(ask: () => Promise<number>, clock: Clock): Promise<Apart> {
  let best: Apart = { aheadMs: 0, doubtMs: Number.POSITIVE_INFINITY };
  for (let times = 0; times < ASKED_TIMES; times += 1) {
    const beganMs = clock();
    const otherMs = await ask();
    const endedMs = clock();
    const doubtMs = (endedMs - beganMs) / 2;
    if (doubtMs <= best.doubtMs) {
      best = { aheadMs: Math.round(otherMs - (beganMs + endedMs) / 2), doubtMs };
    }
  }
  return best;
}

function judge(server: string, { aheadMs, doubtMs }: Apart, dependants: string): Remark {
  const apartMs = Math.abs(aheadMs);
  const facts = { aheadMs, doubtMs };
  const text = `${readableAge(apartMs)} ${aheadMs < 0 ? 'behind' : 'ahead of'} this machine`;
  const advice = `set the clocks (NTP): ${dependants}`;
  // What may be the network's doing is no proof against a clock.
  if (apartMs - doubtMs > APART_FAULT_MS) {
    return fault(`the clock of ${server} is ${text}`, advice, facts);
  }
  return apartMs - doubtMs > APART_WARNING_MS
    ? warning(`the clock of ${server} is ${text}`, advice, facts)
    : ok(`within ${apartMs + Math.ceil(doubtMs)} ms of this machine`, facts);
}
