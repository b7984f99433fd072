import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createdOrder, createOrder, orderRequest } from '../../support/order-requests.ts';
import { type ServiceProcess, startServiceProcess } from '../../support/service-process.ts';
import { until } from '../idempotency/stage/until.ts';
import { createEventRows, type EventRows } from './event-rows.ts';
import { isMirrored, sequencesByOrder, streamed } from './streamed.ts';
import { numbers } from './streamed-event.ts';
import { useRedis } from './use-redis.ts';

// One process leads. What becomes of the events when it does so no more.

const stage = useRedis();
let rows: EventRows;
const processes: ServiceProcess[] = [];

const start = async () => {
  const settings = { FULFILMENT_ENABLED: 'true', FULFILMENT_HEARTBEAT_MS: '500', FULFILMENT_DEAD_AFTER_MS: '2000' };
  const started = await startServiceProcess({ databaseUrl: rows.databaseUrl, redisUrl: stage.url, settings });
  processes.push(started);
  return started;
};

beforeAll(async () => {
  rows = await createEventRows();
}, 60_000);

afterAll(async () => {
  await Promise.all(processes.map((started) => started.kill()));
  await rows.drop();
}, 60_000);

const isLeading = ({ log }: ServiceProcess) => log.some((line) => line.includes('this process relays the events'));

async function placeThrough({ client }: ServiceProcess, count: number): Promise<void> {
  const calls = Array.from({ length: count }, (_, index) =>
    createOrder(client, orderRequest(), { key: `${client.getChannel().getTarget()}-${performance.now()}-${index}` }),
  );
  for (const call of calls) {
    createdOrder(await call);
  }
}

/** Every order has had its whole life, one event after the other. */
async function expectWholeLives(events: number): Promise<void> {
  await until(`${events} events`, () => isMirrored(stage.redis, rows, events));
  const inStream = await streamed(stage.redis);
  expect(inStream.map(({ number }) => number)).toEqual(numbers(1, events));
  expect(new Set(Array.from(sequencesByOrder(inStream).values(), String))).toEqual(new Set(['1,2,3']));
}

test('the lead passes when the leader is killed, and when it stands still; thawed, it doubles nothing', async () => {
  const first = await start();
  await until('a leader', () => isLeading(first));
  const second = await start();
  await placeThrough(second, 10);
  await first.kill();
  await until('the second leader', () => isLeading(second));
  await placeThrough(second, 10);
  await expectWholeLives(60);

  const third = await start();
  await placeThrough(second, 10);
  second.signal('SIGSTOP');
  await placeThrough(third, 10);
  // The server ends the session of the one that stands still after ten seconds.
  const leads = () => isLeading(third);
  await until('the third leader', leads).catch(() => until('the third leader, after all', leads));
  second.signal('SIGCONT');
  await placeThrough(second, 10);
  await expectWholeLives(150);
});
