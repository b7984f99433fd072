import { expect, test } from '@jest/globals';
import { pino } from 'pino';
import { createMaintenance, type MaintenanceOptions } from '../../../src/fulfilment/maintenance.ts';

const parts = ['releaseDead', 'setAsideExhausted', 'requeue', 'bringCleanUpBack', 'adopt'] as const;
type Part = (typeof parts)[number];

interface StageOptions {
  /** The parts that fail. */
  readonly failing?: readonly Part[];
  /** What they find. */
  readonly found?: Partial<Record<Part, readonly string[]>>;
}

/** A round, what it has asked for, in order, and what it has told. */
function stage({ failing = [], found = {} }: StageOptions = {}) {
  const asked: unknown[][] = [];
  const log: { readonly level: number; readonly msg: string; readonly orderId?: string; readonly jobs?: number }[] = [];
  let setAside = 0;
  let running = 0;
  const answer = async (part: Part, ...limits: unknown[]): Promise<readonly string[]> => {
    asked.push([part, ...limits]);
    running += 1;
    expect(running).toBe(1);
    await new Promise((resolve) => setImmediate(resolve));
    running -= 1;
    if (failing.includes(part)) throw new Error(part);
    return found[part] ?? [];
  };
  const jobs: MaintenanceOptions['registry'] & MaintenanceOptions['queue'] = {
    releaseDead: async (afterMs) =>
      (await answer('releaseDead', afterMs)).map((workerId) => ({ workerId, jobs: workerId.length })),
    setAsideExhausted: () => answer('setAsideExhausted'),
    bringCleanUpBack: async () => (await answer('bringCleanUpBack')).length > 0,
    requeue: (which, limit) => answer('requeue', which, limit),
    adopt: (olderThanMs, limit) => answer('adopt', olderThanMs, limit),
  };
  const round = createMaintenance({
    registry: jobs,
    queue: jobs,
    deadAfterMs: 7_000,
    logger: pino({ level: 'info' }, { write: (line: string) => void log.push(JSON.parse(line)) }),
    onSetAside: () => {
      setAside += 1;
    },
  });
  return { round, asked, log, setAside: () => setAside };
}

const askedFor = {
  releaseDead: [7_000],
  setAsideExhausted: [],
  requeue: ['changed', 1_000],
  bringCleanUpBack: [],
  adopt: [60_000, 1_000],
};
const wholeRound = parts.map((part) => [part, ...askedFor[part]]);

test('a round looks for all that can be lost, one after the other, and says nothing where nothing is', async () => {
  const { round, asked, log, setAside } = stage();
  await round();
  expect([asked, log, setAside()]).toEqual([wholeRound, [], 0]);
});

test.each(parts)('each part is tried though %s fails, and the round says what has failed', async (part) => {
  const { round, asked } = stage({ failing: [part] });
  await expect(round()).rejects.toMatchObject({ errors: [{ message: part }] });
  expect(asked).toEqual(wholeRound);
});

test('what several parts fail with is told together', async () => {
  const { round } = stage({ failing: parts });
  await expect(round()).rejects.toMatchObject({ errors: parts.map((message) => ({ message })) });
});

test('the next round is a whole one again, but for orders without a job: those are looked for once a minute', async () => {
  const { round, asked } = stage({ failing: ['releaseDead'] });
  await expect(round()).rejects.toThrow('parts of the round failed');
  await expect(round()).rejects.toThrow('parts of the round failed');
  expect(asked).toEqual([...wholeRound, ...wholeRound.slice(0, -1)]);
});

test('a clean-up that was put off is told once', async () => {
  const { round, log } = stage({ found: { bringCleanUpBack: ['it was'] } });
  await round();
  expect(log).toMatchObject([{ level: 40, msg: expect.stringContaining('the clean-up was put off') }]);
});

test.each([
  ['a worker that has died', 'releaseDead', 'has died', 40],
  ['an order that was set aside', 'setAsideExhausted', 'was set aside', 50],
  ['an order that was cancelled', 'requeue', 'was cancelled', 30],
  ['an order without a job', 'adopt', 'had no job', 40],
] as const)('%s is told each time that there is one', async (_what, part, words, level) => {
  const { round, log, setAside } = stage({ found: { [part]: ['one', 'other'] } });
  await round();
  expect(log).toHaveLength(2);
  expect(log[0]).toMatchObject(
    part === 'releaseDead' ? { workerId: 'one', jobs: 3, level } : { orderId: 'one', level },
  );
  for (const { msg } of log) expect(msg).toContain(words);
  expect(setAside()).toBe(part === 'setAsideExhausted' ? 2 : 0);
});
