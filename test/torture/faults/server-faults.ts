import { setTimeout as sleep } from 'node:timers/promises';
import type { Dice } from '../../../src/simulator/dice.ts';
import { pausePoints } from '../stage/server-messages.ts';
import type { ServerSlot } from '../stage/server-slot.ts';
import type { Fault, FaultContext } from './fault.ts';

const HOUR_MS = 3_600_000;
/** Longer than the 5 s of a lease: somebody else has taken over when the server wakes up. */
const FREEZE_MS = { min: 5_500, max: 8_000 } as const;
const ARMED_LIMIT_MS = 3_000;

export const serverFaults: readonly Fault[] = [
  { name: 'server-killed', lane: 'servers', strike: kill },
  { name: 'server-killed-at-point', lane: 'servers', strike: killAtPoint },
  { name: 'server-frozen', lane: 'servers', strike: freeze },
  { name: 'server-frozen-at-point', lane: 'servers', strike: freezeAtPoint },
  { name: 'server-restarted', lane: 'servers', strike: restart },
  { name: 'server-clock-wrong', lane: 'servers', strike: shiftClock },
  { name: 'servers-deployed', lane: 'servers', strike: deploy },
];

function pickSlot({ stage, dice }: FaultContext): ServerSlot {
  return dice.pick(stage.posts).slot;
}

async function comeBack(slot: ServerSlot, dice: Dice): Promise<void> {
  await sleep(dice.between(0, 1_500));
  await slot.start();
  await slot.ready;
}

async function kill(context: FaultContext): Promise<string> {
  const slot = pickSlot(context);
  await slot.kill();
  await comeBack(slot, context.dice);
  return `kill -9 of ${slot.name}`;
}

async function killAtPoint(context: FaultContext): Promise<string> {
  const slot = pickSlot(context);
  const point = context.dice.pick(pausePoints);
  slot.arm({ point, signal: 'SIGKILL' });
  const hasHappened = await Promise.race([slot.ended().then(() => true), sleep(ARMED_LIMIT_MS, false)]);
  await slot.kill();
  await comeBack(slot, context.dice);
  return `kill -9 of ${slot.name}${hasHappened ? ` at ${point}` : `, which did not come to ${point}`}`;
}

async function freeze(context: FaultContext): Promise<string> {
  const slot = pickSlot(context);
  const frozenMs = context.dice.between(FREEZE_MS.min, FREEZE_MS.max);
  slot.freeze();
  await sleep(frozenMs);
  slot.thaw();
  return `${slot.name} stopped for ${frozenMs} ms`;
}

async function freezeAtPoint(context: FaultContext): Promise<string | undefined> {
  const slot = pickSlot(context);
  const point = context.dice.pick(pausePoints);
  const frozenMs = context.dice.between(FREEZE_MS.min, FREEZE_MS.max);
  slot.arm({ point, signal: 'SIGSTOP' });
  await sleep(frozenMs);
  slot.disarm();
  slot.thaw();
  return (await slot.hasStruck()) ? `${slot.name} stopped at ${point} for up to ${frozenMs} ms` : undefined;
}

async function restart(context: FaultContext): Promise<string> {
  const slot = pickSlot(context);
  const isInOrder = await slot.stop();
  await comeBack(slot, context.dice);
  return `SIGTERM for ${slot.name}, which ended ${isInOrder ? 'in order' : 'by force'}`;
}

async function shiftClock(context: FaultContext): Promise<string> {
  const { editions, dice } = context;
  const slot = pickSlot(context);
  const hours = dice.pick([-30, -25, -2, -1, 1, 2, 25, 30]);
  await slot.kill();
  await slot.start({ ...editions.present, clockShiftMs: hours * HOUR_MS });
  await slot.ready;
  await sleep(dice.between(2_000, 5_000));
  await slot.kill();
  await slot.start(editions.present);
  await slot.ready;
  return `the clock of ${slot.name} wrong by ${hours} h`;
}

/** One server after the other, so that old and new ones serve side by side. */
async function deploy({ stage, editions, dice }: FaultContext): Promise<string> {
  const edition = await editions.next();
  for (const { slot } of stage.posts) {
    await slot.stop();
    await slot.start(edition);
    await slot.ready;
    await sleep(dice.between(0, 1_000));
  }
  return 'a rolling deploy of a version with another stored form';
}
