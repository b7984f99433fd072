import { expect } from '@jest/globals';
import { createdOrder, createOrder, orderRequest } from '../../support/order-requests.ts';
import { type ServiceProcess, startServiceProcess } from '../../support/service-process.ts';
import { storiesAtOnce } from '../../support/stories-at-once.ts';
import { until } from '../idempotency/stage/until.ts';
import { type OwnStores, openOwnStores } from './open-stores.ts';
import { isMirrored, sequencesByOrder, streamed } from './streamed.ts';
import { numbers } from './streamed-event.ts';

// One process leads. What becomes of the events when it does so no more.

const settings = { FULFILMENT_ENABLED: 'true', FULFILMENT_HEARTBEAT_MS: '200', FULFILMENT_DEAD_AFTER_MS: '2000' };

/** Two processes, the first of which leads. */
async function startTwo(stack: AsyncDisposableStack, { stores }: OwnStores) {
  const start = async () => stack.use(await startServiceProcess({ ...stores, settings }));
  const [one, other] = await Promise.all([start(), start()]);
  await until('a leader', () => isLeading(one) || isLeading(other));
  return isLeading(one) ? ([one, other] as const) : ([other, one] as const);
}

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
async function expectWholeLives({ redis, rows }: OwnStores, events: number): Promise<void> {
  await until(`${events} events`, () => isMirrored(redis, rows, events));
  const inStream = await streamed(redis);
  expect(inStream.map(({ number }) => number)).toEqual(numbers(1, events));
  expect(new Set(Array.from(sequencesByOrder(inStream).values(), String))).toEqual(new Set(['1,2,3']));
}

storiesAtOnce({
  'the lead passes when the leader is killed': async () => {
    await using own = await openOwnStores();
    await using stack = new AsyncDisposableStack();
    const [first, second] = await startTwo(stack, own);
    await placeThrough(second, 10);
    await first.kill();
    await until('the second leader', () => isLeading(second));
    await placeThrough(second, 10);
    await expectWholeLives(own, 60);
  },

  'the lead passes when the leader stands still; thawed, it doubles nothing': async () => {
    await using own = await openOwnStores();
    await using stack = new AsyncDisposableStack();
    const [first, second] = await startTwo(stack, own);
    await placeThrough(first, 10);
    first.signal('SIGSTOP');
    await placeThrough(second, 10);
    // The server ends the session of the one that stands still after some seconds.
    const leads = () => isLeading(second);
    await until('the second leader', leads).catch(() => until('the second leader, after all', leads));
    first.signal('SIGCONT');
    await placeThrough(first, 10);
    await expectWholeLives(own, 90);
  },
});
