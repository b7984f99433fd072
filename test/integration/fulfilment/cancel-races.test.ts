import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from '@grpc/grpc-js';
import { expect, test } from '@jest/globals';
import { cancelOrder } from '../../support/order-life.ts';
import { startServiceProcess } from '../../support/service-process.ts';
import { status } from '../../support/unary-call.ts';
import { until } from '../faults/until.ts';
import { allSteps, cancelledStory, confirmedStory, openStage, place, storyOf, workerSettings } from './stage.ts';
import { useOutsideWorld } from './use-outside-world.ts';

const ORDERS = 50;

const shared = useOutsideWorld();

test('A6 fifty orders are cancelled by many with two keys each while two processes confirm them: one final state, one story, at most one cancel that is told OK', async () => {
  await using stage = await openStage();
  const { audit, stores } = stage;
  const settings = workerSettings(shared.outside);
  await using one = await startServiceProcess({ ...stores, settings });
  await using other = await startServiceProcess({ ...stores, settings });
  const clients = [one.client, other.client];
  const races = await Promise.all(Array.from({ length: ORDERS }, (_, index) => race(clients, index)));
  await until('all orders are final and without a job', async () => {
    const open = `select from orders where state in ('PENDING', 'PROCESSING') union all select from graphile_worker.jobs where key like 'order:%'`;
    return (await audit.run(open)).length === 0;
  });
  const endings = new Map<string, number>();
  for (const { name, orderId, winners, losers } of races) {
    const story = await storyOf(audit, orderId);
    const [ending] = story.slice(-1).map((words) => words.replace(/.*>/, ''));
    endings.set(String(ending), (endings.get(String(ending)) ?? 0) + 1);
    expect([confirmedStory, cancelledStory, ['1 PENDING', '2 PENDING>CANCELLED']]).toContainEqual(story);
    // Each key was used by two calls, which have the same answer.
    expect(winners).toBe(ending === 'CANCELLED' ? 1 : 0);
    expect(winners + losers).toBe(2);
    const effects = shared.outside.effectsOf(name);
    const begun = effects.filter((effect) => effect.startsWith('run '));
    const undone = effects.filter((effect) => effect.startsWith('undo '));
    const inReverse = allSteps.map((effect) => effect.replace('run', 'undo')).toReversed();
    // A step that was noted as begun may be undone although its call has never arrived.
    const toUndo = ending === 'CANCELLED' ? inReverse.slice(-Math.max(begun.length, undone.length)) : [];
    expect(undone).toEqual(begun.length === 0 && undone.length === 0 ? [] : toUndo);
  }
  // A race that always has the same winner is none.
  expect(Math.min(endings.get('CONFIRMED') ?? 0, endings.get('CANCELLED') ?? 0)).toBeGreaterThan(0);
});

/** Places an order and, at a moment that depends on its number, cancels it with two keys, each at both processes. */
async function race(clients: readonly Client[], index: number) {
  const name = `racer-${index}`;
  const [placer] = index % 2 === 0 ? clients : clients.toReversed();
  if (placer === undefined) throw new Error('there is no process to place an order at');
  const orderId = await place(placer, name);
  await momentOf(name, index);
  const answers = await Promise.all(['one', 'other'].map((key) => cancelWith(clients, orderId, `${name}-${key}`)));
  const winners = answers.filter((code) => code === status.OK).length;
  const losers = answers.filter((code) => code === status.FAILED_PRECONDITION).length;
  return { name, orderId, winners, losers };
}

async function momentOf(name: string, index: number): Promise<void> {
  const step = [undefined, 'reserve', 'charge', 'ship', 'ship'][index % 5];
  if (step !== undefined) await shared.outside.called(name, `run ${step}`);
  // Most of these come too late.
  if (index % 5 === 4) await sleep(200);
}

/** The same call at every process. @returns their one answer */
async function cancelWith(clients: readonly Client[], orderId: string, key: string): Promise<status> {
  const results = await Promise.all(clients.map((client) => cancelOrder(client, orderId, { key })));
  const [first, second] = results;
  expect([second?.code, second?.message, second?.response]).toEqual([first?.code, first?.message, first?.response]);
  return first?.code ?? status.UNKNOWN;
}
