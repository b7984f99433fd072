import { setTimeout as sleep } from 'node:timers/promises';
import { committed, entrySent } from '../../support/passages.ts';
import { withDatabase } from '../stage/database-session.ts';
import type { Fault, FaultContext } from './fault.ts';
import { type Refusal, refuseOrders, stopRefusing } from './refusals.ts';

export const postgresFaults: readonly Fault[] = [
  { name: 'postgres-killed', lane: 'postgres', strike: kill },
  { name: 'postgres-stopped', lane: 'postgres', strike: stopAtOnce },
  { name: 'postgres-frozen', lane: 'postgres', strike: freeze },
  { name: 'postgres-sessions-ended', lane: 'postgres', strike: endSessions },
  { name: 'postgres-disk-full', lane: 'postgres', strike: (context) => refuse(context, 'diskFull') },
  { name: 'postgres-serialization', lane: 'postgres', strike: (context) => refuse(context, 'serialization') },
  { name: 'postgres-deadlocks', lane: 'postgres', strike: (context) => refuse(context, 'deadlock') },
  { name: 'postgres-commit-refused', lane: 'postgres', strike: (context) => refuse(context, 'commitRefused') },
  { name: 'postgres-acknowledgement-lost', lane: 'postgres', strike: loseAcknowledgements },
  { name: 'postgres-slow', lane: 'postgres', strike: slow },
  { name: 'postgres-half-open', lane: 'postgres', strike: halfOpen },
  { name: 'postgres-cut', lane: 'postgres', strike: cut },
];

async function kill({ stage, dice }: FaultContext): Promise<string> {
  await stage.postgres.kill();
  await sleep(dice.between(0, 2_000));
  await stage.postgres.restart();
  return 'kill -9 of all processes of PostgreSQL';
}

async function stopAtOnce({ stage, dice }: FaultContext): Promise<string> {
  await stage.postgres.stopAtOnce();
  await sleep(dice.between(0, 1_000));
  await stage.postgres.restart();
  return 'an immediate shutdown of PostgreSQL';
}

async function freeze({ stage, dice }: FaultContext): Promise<string> {
  const frozenMs = dice.between(200, 5_000);
  await stage.postgres.freeze();
  await sleep(frozenMs);
  await stage.postgres.thaw();
  return `PostgreSQL stopped for ${frozenMs} ms`;
}

async function endSessions({ stage, dice }: FaultContext): Promise<string> {
  const times = dice.between(1, 5);
  for (let index = 0; index < times; index += 1) {
    await withDatabase(stage.postgres.url, (client) =>
      client.query(
        'select pg_terminate_backend(pid) from pg_stat_activity where pid <> pg_backend_pid() and datname = current_database()',
      ),
    );
    await sleep(dice.between(50, 500));
  }
  return `all sessions ended ${times} times`;
}

async function refuse({ stage, dice }: FaultContext, refusal: Refusal): Promise<string> {
  const refusedMs = dice.between(500, 3_000);
  await withDatabase(stage.postgres.url, async (client) => {
    await refuseOrders(client, refusal);
    await sleep(refusedMs);
    await stopRefusing(client);
  });
  return `${refusal} for ${refusedMs} ms`;
}

async function loseAcknowledgements({ stage, dice }: FaultContext): Promise<string | undefined> {
  const times = dice.between(3, 15);
  let lost = 0;
  for (let index = 0; index < times; index += 1) {
    const { toDatabase } = dice.pick(stage.posts);
    const isLost = toDatabase.cutAfter(entrySent, committed).then(() => true);
    lost += (await Promise.race([isLost, sleep(500, false)])) ? 1 : 0;
    toDatabase.heal();
  }
  return lost === 0 ? undefined : `${lost} acknowledgements lost`;
}

async function slow({ stage, dice }: FaultContext): Promise<string> {
  const delayMs = dice.between(20, 500);
  const { slot, toDatabase } = dice.pick(stage.posts);
  toDatabase.setDelay(delayMs);
  await sleep(dice.between(1_000, 4_000));
  toDatabase.setDelay(0);
  return `everything between ${slot.name} and PostgreSQL ${delayMs} ms late`;
}

async function halfOpen({ stage, dice }: FaultContext): Promise<string> {
  const deafMs = dice.between(500, 4_000);
  const { slot, toDatabase } = dice.pick(stage.posts);
  toDatabase.swallow();
  await sleep(deafMs);
  toDatabase.heal();
  return `half-open connections between ${slot.name} and PostgreSQL for ${deafMs} ms`;
}

async function cut({ stage, dice }: FaultContext): Promise<string> {
  const times = dice.between(1, 10);
  for (let index = 0; index < times; index += 1) {
    dice.pick(stage.posts).toDatabase.cut();
    await sleep(dice.between(10, 200));
  }
  return `connections to PostgreSQL cut ${times} times`;
}
