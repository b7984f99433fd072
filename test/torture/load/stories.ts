import { randomUUID } from 'node:crypto';
import type { Dice } from '../../../src/simulator/dice.ts';
import type { Caller } from './caller.ts';
import type { CreateIntent, Intent } from './requests.ts';

/** One errand of a client: an intent and how it goes about it. @returns the intents, to be asked about again in the end */
type Story = (name: string, caller: Caller, dice: Dice) => Promise<readonly Intent[]>;

const ITEMS_MAX = 5;

/** Stories and how often they are told. */
const stories: readonly (readonly [number, Story])[] = [
  [22, plain],
  [18, atTwoServersAtOnce],
  [10, doubledByAProxy],
  [10, withAShortDeadline],
  [8, withACancelledCall],
  [8, withoutAKey],
  [6, changedAfterwards],
  [4, changedWhereNobodyLooks],
  [4, changedAtOnce],
  [8, calledOff],
  [2, nothingToCallOff],
];

const weightOfAll = stories.reduce((sum, [weight]) => sum + weight, 0);

/** Tells one story, picked by the dice. */
export async function tellStory(name: string, caller: Caller, dice: Dice): Promise<readonly Intent[]> {
  let left = dice.next() * weightOfAll;
  for (const [weight, story] of stories) {
    left -= weight;
    if (left < 0) {
      return await story(name, caller, dice);
    }
  }
  return await plain(name, caller, dice);
}

function createOf(name: string, dice: Dice): CreateIntent {
  return { method: 'create', key: name, request: name, items: dice.between(1, ITEMS_MAX) };
}

async function plain(name: string, caller: Caller, dice: Dice): Promise<readonly Intent[]> {
  const create = createOf(name, dice);
  await caller.call(create, dice);
  return await perhapsAgain(create, caller, dice);
}

async function atTwoServersAtOnce(name: string, caller: Caller, dice: Dice): Promise<readonly Intent[]> {
  const create = createOf(name, dice);
  await Promise.all(caller.channels.pickTwo(dice).map((channel) => caller.call(create, dice, { channel })));
  return await perhapsAgain(create, caller, dice);
}

async function doubledByAProxy(name: string, caller: Caller, dice: Dice): Promise<readonly Intent[]> {
  const create = createOf(name, dice);
  await caller.call(create, dice, { channel: caller.channels.both });
  return await perhapsAgain(create, caller, dice);
}

async function withAShortDeadline(name: string, caller: Caller, dice: Dice): Promise<readonly Intent[]> {
  const create = createOf(name, dice);
  await caller.call(create, dice, { deadlineMs: dice.between(1, 60) });
  return await perhapsAgain(create, caller, dice);
}

async function withACancelledCall(name: string, caller: Caller, dice: Dice): Promise<readonly Intent[]> {
  const create = createOf(name, dice);
  await caller.call(create, dice, { cancelAfterMs: dice.between(0, 30) });
  return await perhapsAgain(create, caller, dice);
}

async function withoutAKey(name: string, caller: Caller, dice: Dice): Promise<readonly Intent[]> {
  const create: CreateIntent = { ...createOf(name, dice), key: undefined };
  await Promise.all(caller.channels.pickTwo(dice).map((channel) => caller.call(create, dice, { channel })));
  return await perhapsAgain(create, caller, dice);
}

async function changedAfterwards(name: string, caller: Caller, dice: Dice): Promise<readonly Intent[]> {
  const create = createOf(name, dice);
  await caller.call(create, dice);
  const changed = { ...create, request: `${name}-changed` };
  await caller.call(changed, dice);
  return [...(await perhapsAgain(create, caller, dice)), changed];
}

/** In a field that the server does not know: it is another request all the same. */
async function changedWhereNobodyLooks(name: string, caller: Caller, dice: Dice): Promise<readonly Intent[]> {
  const create = { ...createOf(name, dice), unknown: 1 };
  const heard = await caller.call(create, dice);
  if (heard?.code === 'OK') {
    await caller.call({ ...create, request: `${name}-changed`, note: name, unknown: 2 }, dice);
  }
  return [create];
}

/** Only one of the two can have the key; which one, nobody knows beforehand. */
async function changedAtOnce(name: string, caller: Caller, dice: Dice): Promise<readonly Intent[]> {
  const create = createOf(name, dice);
  const changed = { ...create, request: `${name}-changed` };
  const [one, other] = caller.channels.pickTwo(dice);
  const isAtOneServer = dice.chance(0.5);
  await Promise.all([
    caller.call(create, dice, { channel: one }),
    caller.call(changed, dice, { channel: isAtOneServer ? one : other }),
  ]);
  return [create, changed];
}

async function calledOff(name: string, caller: Caller, dice: Dice): Promise<readonly Intent[]> {
  const create = createOf(name, dice);
  const heard = await caller.call(create, dice);
  if (heard?.orderId === undefined) {
    return [create];
  }
  const cancel: Intent = { method: 'cancel', key: name, request: name, orderId: heard.orderId };
  await Promise.all(caller.channels.pickTwo(dice).map((channel) => caller.call(cancel, dice, { channel })));
  return [create, cancel];
}

/** A final failure is an outcome, too. */
async function nothingToCallOff(name: string, caller: Caller, dice: Dice): Promise<readonly Intent[]> {
  const cancel: Intent = { method: 'cancel', key: name, request: name, orderId: randomUUID() };
  await Promise.all(caller.channels.pickTwo(dice).map((channel) => caller.call(cancel, dice, { channel })));
  return [cancel];
}

async function perhapsAgain(intent: Intent, caller: Caller, dice: Dice): Promise<readonly Intent[]> {
  if (dice.chance(0.3)) {
    await caller.call(intent, dice);
  }
  return [intent];
}
