import type { z } from 'zod';
import type { Environment } from './environment.ts';
import type { Fault } from './fault.ts';
import { descriptionOf } from './setting.ts';
import { databaseSettings } from './settings/database.ts';
import { fulfilmentSettings } from './settings/fulfilment.ts';
import { redisSettings } from './settings/redis.ts';

interface Relation {
  readonly larger: z.ZodType<number>;
  readonly smaller: z.ZodType<number>;
  readonly because: string;
}

/** Settings that make sense only together. */
const relations: readonly Relation[] = [
  {
    larger: databaseSettings.silenceLimitMs,
    smaller: databaseSettings.statementTimeoutMs,
    because: 'a connection must not be destroyed while PostgreSQL may still answer',
  },
  {
    larger: databaseSettings.statementTimeoutMs,
    smaller: databaseSettings.lockTimeoutMs,
    because: 'otherwise a wait for a lock always ends as a statement that was too slow',
  },
  {
    larger: databaseSettings.graceMs,
    smaller: databaseSettings.probeIntervalMs,
    because: 'otherwise one lost heartbeat makes the service NOT_SERVING',
  },
  {
    larger: redisSettings.commandTimeoutMs,
    smaller: redisSettings.slowMs,
    because: 'otherwise no answer is ever slow: it has timed out before',
  },
  {
    larger: fulfilmentSettings.deadAfterMs,
    smaller: fulfilmentSettings.heartbeatMs,
    because: 'otherwise every worker is dead between two heartbeats',
  },
];

/** One fault for each pair that contradicts itself. A value that its own rule refuses is left out of the comparison. */
export function contradictions(env: Environment): Fault[] {
  return relations.flatMap(({ larger, smaller, because }) => {
    const [above, below] = [descriptionOf(larger), descriptionOf(smaller)];
    const [aboveValue, belowValue] = [larger.safeParse(env[above.variable]), smaller.safeParse(env[below.variable])];
    if (!aboveValue.success || !belowValue.success || aboveValue.data > belowValue.data) return [];
    return [
      {
        variable: above.variable,
        value: String(aboveValue.data),
        problem: `is not above ${below.variable}, which is ${belowValue.data}`,
        expected: `more than ${belowValue.data}, because ${because}`,
        remedy: `raise ${above.variable} or lower ${below.variable}`,
      },
    ];
  });
}
