import { setTimeout as sleep } from 'node:timers/promises';
import type { Fault, FaultContext } from './fault.ts';

export const clientFaults: readonly Fault[] = [
  { name: 'clients-cut', lane: 'clients', strike: cut },
  { name: 'clients-half-open', lane: 'clients', strike: halfOpen },
  { name: 'clients-slow', lane: 'clients', strike: slow },
];

async function cut({ stage, dice }: FaultContext): Promise<string> {
  const times = dice.between(1, 10);
  for (let index = 0; index < times; index += 1) {
    dice.pick(stage.posts).fromClients.cut();
    await sleep(dice.between(10, 300));
  }
  return `connections of clients cut ${times} times`;
}

async function halfOpen({ stage, dice }: FaultContext): Promise<string> {
  const { slot, fromClients } = dice.pick(stage.posts);
  const deafMs = dice.between(500, 3_000);
  fromClients.swallow();
  await sleep(deafMs);
  fromClients.heal();
  // The deaf connections would stay so; a firewall that was restarted resets them.
  fromClients.cut();
  return `half-open connections between clients and ${slot.name} for ${deafMs} ms`;
}

async function slow({ stage, dice }: FaultContext): Promise<string> {
  const { slot, fromClients } = dice.pick(stage.posts);
  const delayMs = dice.between(10, 300);
  fromClients.setDelay(delayMs);
  await sleep(dice.between(1_000, 3_000));
  fromClients.setDelay(0);
  return `everything between clients and ${slot.name} ${delayMs} ms late`;
}
