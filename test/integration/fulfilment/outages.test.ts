import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { startTestService, type TestService } from '../../support/order-service.ts';
import { type OwnPostgres, startOwnPostgres } from '../../support/own-postgres.ts';
import { queryDatabase } from '../faults/query-database.ts';
import { until } from '../faults/until.ts';
import { openAudit } from '../orders/audit.ts';
import { allSteps, confirmedStory, done, place, settled, storyOf, workerSettings } from './stage.ts';
import { useOutsideWorld } from './use-outside-world.ts';

const shared = useOutsideWorld();
let postgres: OwnPostgres;
let service: TestService;

beforeAll(async () => {
  postgres = await startOwnPostgres();
  service = await startTestService({ databaseUrl: postgres.url, settings: workerSettings(shared.outside) });
}, 60_000);

afterAll(async () => {
  await service.stop();
  await postgres.stop();
}, 60_000);

const terminateAll = `
  select pg_terminate_backend(pid) from pg_stat_activity
  where application_name = 'order-service' and pid <> pg_backend_pid()`;

const outages: readonly (readonly [string, () => Promise<unknown>])[] = [
  ['its connections are terminated', () => queryDatabase(postgres.url, terminateAll)],
  [
    'PostgreSQL is killed and started again',
    async () => {
      await postgres.killHard();
      await postgres.restart();
    },
  ],
];

test.each(outages)(
  'D4 %s while workers are in the middle of steps: all orders are finished, each effect once',
  async (what, strike) => {
    const { outside } = shared;
    const names = Array.from({ length: 6 }, (_, index) => `${nameOf(what)}-${index}`);
    const released = Promise.withResolvers<void>();
    for (const name of names) {
      outside.on(name, async ({ step }) => {
        if (step === 'charge') await released.promise;
        return done;
      });
    }
    const orderIds = await Promise.all(names.map((name) => place(service.client, name)));
    await Promise.all(names.map((name) => outside.called(name, 'run charge')));
    await strike();
    released.resolve();
    await using audit = await openAudit(postgres.url);
    for (const [index, orderId] of orderIds.entries()) {
      await settled(audit, orderId, 'CONFIRMED');
      expect(await storyOf(audit, orderId)).toEqual(confirmedStory);
      expect(outside.effectsOf(names[index] ?? '')).toEqual(allSteps);
    }
  },
);

test.each(outages)(
  'D4 %s while workers have nothing to do: the next order is processed as ever',
  async (what, strike) => {
    await strike();
    const name = `${nameOf(what)}-idle`;
    await until('the database is there again', async () => {
      const [row] = await queryDatabase(postgres.url, 'select from workers').catch(() => []);
      return row !== undefined;
    });
    const orderId = await placed(name);
    await using audit = await openAudit(postgres.url);
    await settled(audit, orderId, 'CONFIRMED');
    expect(shared.outside.effectsOf(name)).toEqual(allSteps);
    expect(service.log.filter(({ msg }) => String(msg).includes('set aside'))).toEqual([]);
  },
);

/** A name that can be a key, too. */
function nameOf(what: string): string {
  return what.replaceAll(' ', '-');
}

/** With the same key until it succeeds, as a client does. */
async function placed(name: string): Promise<string> {
  let orderId: string | undefined;
  await until('the order is placed', async () => {
    orderId = await place(service.client, name).catch(() => undefined);
    return orderId !== undefined;
  });
  return orderId ?? '';
}
