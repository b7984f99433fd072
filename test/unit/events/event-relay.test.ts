import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect, test } from '@jest/globals';
import { pino } from 'pino';
import { EventRelay } from '../../../src/events/event-relay.ts';
import type { EventLead } from '../../../src/events/ports.ts';
import { storiesAtOnce } from '../../support/stories-at-once.ts';
import { StagedLead } from './staged-lead.ts';
import { StagedStream } from './staged-stream.ts';

/** Longer than any test. */
const LONG_MS = 600_000;

const relays: EventRelay[] = [];

afterEach(async () => {
  await Promise.all(relays.splice(0).map((relay) => relay.stop()));
});

interface StageOptions {
  readonly stream?: StagedStream;
  readonly intervalMs?: number;
  readonly takeLead?: (signal: AbortSignal) => Promise<EventLead | undefined>;
}

/** A relay that is given these leads, one after the other, and then none until it stops. */
function started(leads: readonly StagedLead[], { stream, intervalMs = LONG_MS, takeLead }: StageOptions = {}) {
  const log: { readonly level: number; readonly msg: string; readonly err?: { readonly message: string } }[] = [];
  const logger = pino({ level: 'info' }, { write: (line: string) => void log.push(JSON.parse(line)) });
  const queue = [...leads];
  let news = 0;
  const relay = new EventRelay({
    takeLead: takeLead ?? (async (signal) => queue.shift() ?? (await nobody(signal))),
    stream,
    streamLengthMax: 1_000,
    intervalMs,
    logger,
    onNumbered: () => {
      news += 1;
    },
  });
  relays.push(relay);
  relay.start();
  return { relay, log, news: () => news };
}

/** Another process has the lead, and keeps it. */
function nobody(signal: AbortSignal): Promise<undefined> {
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(undefined), { once: true }));
}

function released(lead: StagedLead): Promise<void> {
  return new Promise((resolve) => {
    lead.release = async () => {
      lead.released += 1;
      resolve();
    };
  });
}

test('events are numbered and published, and those who watch orders are told', async () => {
  const lead = new StagedLead();
  const stream = new StagedStream(lead);
  const { relay, news } = started([lead], { stream });
  await Promise.all([lead.told('number'), lead.told('lastNumber')]);
  await sleep(0);
  lead.unnumbered = 3;
  relay.nudge();
  await lead.told('notePublished 3');
  expect([stream.last, news()]).toEqual([3n, 1]);
});

test('events of other processes are looked for without being told of', async () => {
  const lead = new StagedLead();
  const { news } = started([lead], { intervalMs: 5 });
  await lead.told('number');
  lead.unnumbered = 2;
  await lead.told('number', 4);
  expect([news(), lead.unnumbered]).toEqual([1, 0]);
});

test('as long as there are more than one statement numbers, the next follows without a pause', async () => {
  const lead = new StagedLead();
  lead.unnumbered = 1_200;
  const { news } = started([lead]);
  await lead.told('number', 3);
  await sleep(0);
  expect([news(), lead.unnumbered]).toEqual([3, 0]);
});

test('numbering, and its news, go on while the stream hangs', async () => {
  const lead = new StagedLead();
  const stream = new StagedStream(lead);
  const held = Promise.withResolvers<void>();
  stream.before = () => held.promise;
  const { relay, news } = started([lead], { stream });
  await lead.told('end');
  for (const [index] of [1, 2, 3].entries()) {
    lead.unnumbered = 1;
    relay.nudge();
    await lead.told('number', index + 2);
  }
  await sleep(0);
  expect([news(), stream.last]).toEqual([3, 0n]);
  held.resolve();
  await lead.told('notePublished 3');
});

/** What fails ends the other part too; the lead is given back once, and another one is waited for. */
async function failure(method: 'number' | 'lastNumber'): Promise<void> {
  const [first, second] = [new StagedLead(1, [method]), new StagedLead(1)];
  const wasReleased = released(first);
  const { log, relay } = started([first, second], { stream: new StagedStream(first) });
  await wasReleased;
  await second.told('number');
  await relay.stop();
  expect([first.released, first.wasUsedAfterRelease]).toEqual([1, false]);
  expect(log.filter(({ level }) => level === 40)).toMatchObject([
    { msg: 'the relay of events was interrupted: it begins again', err: { message: `${method} failed` } },
  ]);
}

// After a failure the relay waits for a second.
storiesAtOnce({
  'when numbering fails, publishing ends too, the lead is given back once, and another is waited for': () =>
    failure('number'),
  'when publishing fails, numbering ends too, the lead is given back once, and another is waited for': () =>
    failure('lastNumber'),
  'a lead that cannot be taken is told, and tried for again': async () => {
    const lead = new StagedLead();
    let attempts = 0;
    const takeLead = async () => {
      attempts += 1;
      if (attempts === 1) throw new Error('the database is gone');
      return lead;
    };
    const { log, relay } = started([], { takeLead });
    await lead.told('number');
    await relay.stop();
    expect(log[0]).toMatchObject({ level: 40, err: { message: 'the database is gone' } });
  },
});

test('the lead is given back only when both parts have ended, also the one that did not fail', async () => {
  const lead = new StagedLead(1, ['number']);
  const stream = new StagedStream(lead);
  const held = Promise.withResolvers<void>();
  stream.before = () => held.promise;
  started([lead], { stream });
  const wasReleased = released(lead);
  await lead.told('end');
  await sleep(20);
  expect(lead.released).toBe(0);
  held.resolve();
  await wasReleased;
  expect(lead.wasUsedAfterRelease).toBe(false);
});

const phases: readonly (readonly [string, StageOptions, (lead: StagedLead) => Promise<unknown>])[] = [
  ['another process leads', { takeLead: nobody }, () => sleep(0)],
  ['it has nothing to number', {}, (lead) => lead.told('number')],
  ['it waits to try for the lead again', { takeLead: () => Promise.reject(new Error('gone')) }, () => sleep(5)],
];

test.each(phases)('a stop ends it at once while %s', async (_what, options, begun) => {
  const lead = new StagedLead();
  const { relay } = started([lead], options);
  await begun(lead);
  await relay.stop();
  expect(lead.released).toBe(options.takeLead === undefined ? 1 : 0);
});

test('a stop in the middle of publishing lets the batch arrive, notes it, and gives the lead back', async () => {
  const lead = new StagedLead(250);
  const stream = new StagedStream(lead);
  const held = Promise.withResolvers<void>();
  stream.before = (question) => (question === 'publish' ? held.promise : Promise.resolve());
  const { relay } = started([lead], { stream });
  await lead.told('publish 0');
  const stopped = relay.stop();
  held.resolve();
  await stopped;
  expect([stream.batches, lead.noted, lead.released, lead.wasUsedAfterRelease]).toEqual([[100], [100n], 1, false]);
});

test('a stop while Redis is away does not wait for it', async () => {
  const lead = new StagedLead(1);
  const stream = new StagedStream(lead);
  stream.before = () => Promise.reject(new Error('the connection is closed'));
  const { relay } = started([lead], { stream });
  await lead.told('lastNumber');
  await relay.stop();
  expect([lead.released, lead.wasUsedAfterRelease]).toEqual([1, false]);
});

test('a lead that comes when the relay is already stopping is given back, and nothing is asked of it', async () => {
  const lead = new StagedLead(1);
  const held = Promise.withResolvers<EventLead>();
  const { relay } = started([], { stream: new StagedStream(lead), takeLead: () => held.promise });
  const stopped = relay.stop();
  held.resolve(lead);
  await stopped;
  expect([lead.released, lead.story]).toEqual([1, []]);
});
