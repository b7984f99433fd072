import { expect, test } from '@jest/globals';
import { check } from '../../../src/simulator/check.ts';
import type { Evidence } from '../../../src/simulator/evidence.ts';
import { violationKinds } from '../../../src/simulator/violation.ts';
import {
  cancelled,
  confirmed,
  effectsOf,
  rejected,
  soundEvidence,
  withCall,
  withEffects,
  withOrder,
  withWatch,
} from './evidence-of.ts';

const sound = soundEvidence();
const { streamed, orders } = sound;

function withStream(...[orderId, events]: readonly [string, typeof confirmed.events]): Evidence {
  return { ...sound, streamed: new Map([...streamed, [orderId, events]]) };
}

/** Everything that can be wrong, planted one at a time: what it is, who is named, and the evidence of it. */
const planted: readonly (readonly [string, keyof typeof violationKinds, string, Evidence])[] = [
  [
    'a second order under a key',
    'orderDoubled',
    'order-1',
    {
      ...sound,
      orders: [...orders, { ...confirmed, orderId: 'id-9' }],
      streamed: new Map([...streamed, ['id-9', confirmed.events]]),
      outside: undefined,
    },
  ],
  [
    'an acknowledged order that is not kept',
    'orderLost',
    'order-3',
    {
      ...sound,
      orders: orders.slice(0, 2),
      streamed: new Map([...streamed].slice(0, 2)),
    },
  ],
  [
    'an acknowledged order whose key has another one',
    'orderLost',
    'order-1',
    withCall(sound, 'order-1', { orderId: 'id-9' }),
  ],
  ['an acknowledged cancellation that is not kept', 'orderLost', 'id-1', withCall(sound, 'cancel-1', { isOk: true })],
  [
    'a refused cancellation that has happened',
    'answerDiffers',
    'id-2',
    withCall(sound, 'cancel-2', { isOk: false, hashes: ['too late'] }),
  ],
  ['two answers for a key', 'answerDiffers', 'order-2', withCall(sound, 'order-2', { hashes: ['one', 'other'] })],
  [
    'another request under a key that was not refused',
    'answerDiffers',
    'order-2',
    withCall(sound, 'order-2', { alteredAccepted: 1 }),
  ],
  [
    'a good order that was refused',
    'callRefused',
    'order-9',
    {
      ...sound,
      calls: [
        ...sound.calls,
        {
          key: 'order-9',
          kind: 'create',
          orderId: undefined,
          isOk: false,
          hashes: ['no'],
          unanswered: 0,
          alteredAccepted: 0,
        },
      ],
    },
  ],
  [
    'a run without an order',
    'nothingProven',
    'the run',
    { calls: [], orders: [], streamed: new Map(), doubledInStream: [], watched: [], outside: undefined },
  ],
  [
    'an entry of the stream that tells an event once more',
    'eventWrong',
    '7-1 with id-1/2',
    { ...sound, doubledInStream: ['7-1 with id-1/2'] },
  ],
  ['a call without an answer', 'callUnanswered', 'order-2', withCall(sound, 'order-2', { unanswered: 1 })],
  [
    'a step that was done twice under two keys',
    'effectDoubled',
    'id-2',
    withEffects(sound, effectsOf(cancelled, 'reserve', ['done', 'done', 'undone'])),
  ],
  [
    'a step that was done for an order that is not kept',
    'effectDoubled',
    'id-9',
    withEffects(sound, effectsOf({ ...confirmed, orderId: 'id-9' }, 'charge', ['done'])),
  ],
  [
    'a step that was never done for a confirmed order',
    'effectDoubled',
    'id-1',
    withEffects(sound, effectsOf(confirmed, 'charge', [])),
  ],
  [
    'a step that was undone for a confirmed order',
    'effectDoubled',
    'id-1',
    withEffects(sound, effectsOf(confirmed, 'charge', ['done', 'undone'])),
  ],
  [
    'a step that was not undone for a cancelled order',
    'effectDoubled',
    'id-2',
    withEffects(sound, effectsOf(cancelled, 'reserve', ['done'])),
  ],
  [
    'a step that was done after it had been undone',
    'effectDoubled',
    'id-2',
    withEffects(sound, effectsOf(cancelled, 'charge', ['undone', 'done'])),
  ],
  [
    'a step that was not undone for a rejected order',
    'effectDoubled',
    'id-3',
    withEffects(sound, effectsOf(rejected, 'charge', ['done'])),
  ],
  ['a gap in the stream', 'eventWrong', 'id-1', withStream('id-1', confirmed.events.slice(1))],
  [
    'an event that stands twice in the stream',
    'eventWrong',
    'id-1',
    withStream('id-1', [...confirmed.events, ...confirmed.events.slice(2)]),
  ],
  ['events in the stream in another order', 'eventWrong', 'id-1', withStream('id-1', confirmed.events.toReversed())],
  ['events of an order that is not kept', 'eventWrong', 'id-9', withStream('id-9', confirmed.events)],
  [
    'a watcher who has missed something',
    'eventWrong',
    'id-1',
    withWatch(sound, 0, { seen: skipping(confirmed.events) }),
  ],
  [
    'a watcher who has seen something twice',
    'eventWrong',
    'id-1',
    withWatch(sound, 0, { seen: [...confirmed.events, ...confirmed.events.slice(2)] }),
  ],
  [
    'a watcher who has not seen the end',
    'eventWrong',
    'id-1',
    withWatch(sound, 0, { seen: confirmed.events.slice(0, 2) }),
  ],
  ['a watcher who has seen nothing', 'eventWrong', 'id-1', withWatch(sound, 0, { seen: [] })],
  ['a watcher whose stream has not ended', 'eventWrong', 'id-1', withWatch(sound, 0, { hasEnded: false })],
];

test('a run in which all is as it should be has no violation', () => {
  expect(check(sound)).toEqual([]);
});

test.each(planted)('%s is found', (_what, kind, subject, evidence) => {
  const found = check(evidence).map((violation) => [violation.kind, violation.subject]);
  expect(new Set(found.map(String))).toEqual(new Set([String([kind, subject])]));
});

test('a gap in what is kept is found', () => {
  const events = skipping(confirmed.events);
  const evidence = { ...withOrder(sound, 1, { events }), streamed: new Map([...streamed, ['id-1', events]]) };
  expect(check({ ...evidence, watched: [] }).map(({ kind, subject }) => [kind, subject])).toEqual([
    ['eventWrong', 'id-1'],
  ]);
});

test('events that lead to another state than the order has are found', () => {
  const evidence = { ...withOrder(sound, 3, { state: 'CONFIRMED' }), outside: undefined };
  expect(check(evidence).map(({ kind, subject }) => [kind, subject])).toEqual([['eventWrong', 'id-3']]);
});

test('an order that is not final is found, and its steps are not judged yet', () => {
  const events = rejected.events.slice(0, 2);
  const unfinished = withOrder(sound, 3, { state: 'PROCESSING', sequence: 2, events });
  const evidence = withEffects(
    { ...unfinished, streamed: new Map([...streamed, ['id-3', events]]) },
    effectsOf(rejected, 'reserve', ['done']),
  );
  expect(check(evidence).map(({ kind, subject }) => [kind, subject])).toEqual([['orderNotFinal', 'id-3']]);
});

test('a violation of each kind was planted', () => {
  const kinds = new Set<string>([...planted.map(([, kind]) => kind), 'orderNotFinal']);
  expect(kinds).toEqual(new Set(Object.keys(violationKinds)));
});

/** Without the one in the middle. */
function skipping<Value>(values: readonly Value[]): readonly Value[] {
  return values.filter((_value, index) => index !== 1);
}
