import { expect } from '@jest/globals';
import { pino } from 'pino';
import { type EventGap, OrderEventConsumer } from '../../../src/client/index.ts';
import { rebuildEvents } from '../../../src/commands/rebuild-events.ts';
import { type OwnStores, openOwnStores } from '../../integration/events/open-stores.ts';
import { startRelay } from '../../integration/events/relay-bench.ts';
import { isMirrored, streamed } from '../../integration/events/streamed.ts';
import { until } from '../../integration/faults/until.ts';
import { storiesAtOnce } from '../../support/stories-at-once.ts';
import { startTcpProxy } from '../../support/tcp-proxy.ts';
import { testConfig } from '../../support/test-config.ts';

// A5: jaseci-labs/jac#7696. A stream was trimmed while its reader was away, and a publication that had timed out was sent again.

const LENGTH_MAX = 100;

function startConsumer({ stores }: OwnStores) {
  const seen: string[] = [];
  const gaps: EventGap[] = [];
  const consumer = new OrderEventConsumer({
    url: stores.redisUrl,
    group: 'billing',
    consumer: 'billing-0',
    blockMs: 200,
    handle: ({ id }) => void seen.push(id),
    onGap: (gap) => void gaps.push(gap),
    onError: () => {},
  });
  consumer.start();
  return { seen, gaps, [Symbol.asyncDispose]: () => consumer.stop() };
}

const idsIn = async ({ rows }: OwnStores) => (await rows.numbered()).map(({ id }) => id);

storiesAtOnce({
  'A5 what was trimmed before it was read is told, and can be had again from PostgreSQL: each event is handled once in the end':
    async () => {
      await using own = await openOwnStores();
      await using short = startRelay({ ...own.stores, streamLengthMax: LENGTH_MAX });
      await own.rows.place(10);
      const before = startConsumer(own);
      await until('ten are handled', () => before.seen.length === 10);
      await before[Symbol.asyncDispose]();
      await own.rows.place(300);
      await until('the last is there', async () => (await streamed(own.redis)).at(-1)?.number === 310);
      const oldest = (await streamed(own.redis)).find(({ number }) => number > 10)?.number ?? 0;
      expect(oldest).toBeGreaterThan(100);

      await using after = startConsumer(own);
      await until('the rest is handled', () => after.seen.length === 310 - oldest + 1);
      expect(after.gaps).toEqual([{ after: 10n, before: BigInt(oldest) }]);
      await short[Symbol.asyncDispose]();
      const config = testConfig(own.stores);
      await rebuildEvents({
        config,
        logger: pino({ level: 'silent' }),
        print: () => {},
        after: after.gaps[0]?.after ?? 0n,
      });
      const all = await idsIn(own);
      await until('the gap is filled', () => before.seen.length + after.seen.length >= all.length);
      expect([...before.seen, ...after.seen].sort()).toEqual([...all].sort());
    },

  'A5 a publication whose answer was lost is not repeated: its consumer sees each event once, under an id that says what it is':
    async () => {
      await using own = await openOwnStores();
      await using proxy = await startTcpProxy(own.server.port);
      await using relay = startRelay({ ...own.stores, redisUrl: `redis://127.0.0.1:${proxy.port}` });
      await using consumer = startConsumer(own);
      await own.rows.place(3);
      await until('three are handled', () => consumer.seen.length === 3);
      proxy.swallowReplyTo('ORDER_STATE_PENDING');
      const orderIds = await own.rows.place(3);
      await until('the answer is missed', () => relay.log.some((line) => line.includes('cannot be published')));
      await own.rows.advance(orderIds);
      await until('all are published', () => isMirrored(own.redis, own.rows, 9));
      await until('all are handled', () => consumer.seen.length >= 9);
      expect(consumer.seen).toEqual(await idsIn(own));
      expect(consumer.seen.slice(6).sort()).toEqual(orderIds.map((orderId) => `${orderId}/2`).sort());
      expect(consumer.gaps).toEqual([]);
    },
});
