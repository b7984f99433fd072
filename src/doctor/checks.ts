import type { ConfigWith } from '../config/config.ts';
import { streamName } from '../events/redis-event-stream.ts';
import { checkPostgresClock, checkRedisClock } from './checks/clocks.ts';
import { checkDatabase } from './checks/database.ts';
import { checkDeadLetters } from './checks/dead-letters.ts';
import { checkDurability } from './checks/durability.ts';
import { checkEviction } from './checks/eviction.ts';
import { checkJobSchema } from './checks/job-schema.ts';
import { checkLedger } from './checks/ledger.ts';
import { checkMigrations } from './checks/migrations.ts';
import { checkNumbering } from './checks/numbering.ts';
import { checkPersistence } from './checks/persistence.ts';
import { checkPool } from './checks/pool.ts';
import { checkPostgresVersion } from './checks/postgres-version.ts';
import { checkProxy } from './checks/proxy.ts';
import { checkPublishing } from './checks/publishing.ts';
import { checkQueue } from './checks/queue.ts';
import { checkRecords } from './checks/records.ts';
import { checkRedis } from './checks/redis.ts';
import { checkRedisVersion } from './checks/redis-version.ts';
import { checkScripts } from './checks/scripts.ts';
import { checkStandby } from './checks/standby.ts';
import { checkStream } from './checks/stream.ts';
import { checkUnfinished } from './checks/unfinished.ts';
import { checkVersions } from './checks/versions.ts';
import type { Check } from './examine.ts';
import type { Clock, PostgresPort, RedisPort } from './ports.ts';
import { STATEMENT_LIMIT_MS } from './postgres-port.ts';
import { ok, type Remark, warning } from './remark.ts';

export interface Patient {
  readonly config: ConfigWith<'database'>;
  readonly postgres: PostgresPort;
  /** Undefined: the service runs without. */
  readonly redis: RedisPort | undefined;
  readonly clock: Clock;
  /** As in `process.versions.node`. */
  readonly nodeVersion: string;
}

/** All that is looked at, in the order in which it is told. The names are part of what `--json` promises. */
export function checksOf({ config, postgres, redis, clock, nodeVersion }: Patient): readonly Check[] {
  const { fulfilment, events, idempotency, database } = config;
  const { prefix, slowMs } = config.redis;
  const withRedis =
    (look: (port: RedisPort) => Promise<Remark>, without: Remark = NO_REDIS) =>
    async () =>
      redis === undefined ? without : await look(redis);
  return [
    { name: 'versions', look: () => checkVersions(nodeVersion) },
    { name: 'postgres', look: () => checkPostgresVersion(postgres) },
    { name: 'database', look: () => checkDatabase(postgres) },
    { name: 'connections', look: () => checkPool(postgres, { ...fulfilment, poolSize: database.poolSize }) },
    { name: 'proxy', look: () => checkProxy(postgres, STATEMENT_LIMIT_MS) },
    { name: 'durability', look: () => checkDurability(postgres) },
    { name: 'standby', look: () => checkStandby(postgres) },
    { name: 'clock', look: () => checkPostgresClock(postgres, clock) },
    { name: 'migrations', look: () => checkMigrations(postgres) },
    { name: 'job-schema', look: () => checkJobSchema(postgres) },
    { name: 'queue', look: () => checkQueue(postgres, fulfilment.deadAfterMs) },
    { name: 'dead-letters', look: () => checkDeadLetters(postgres) },
    { name: 'unfinished', look: () => checkUnfinished(postgres) },
    { name: 'ledger', look: () => checkLedger(postgres, idempotency.memoryMs) },
    { name: 'events', look: () => checkNumbering(postgres) },
    { name: 'publishing', look: withRedis(() => checkPublishing(postgres, events.streamLengthMax)) },
    { name: 'stream', look: withRedis((port) => checkStream(postgres, port, streamName(prefix))) },
    { name: 'redis', look: withRedis((port) => checkRedis(port, { prefix, slowMs }), WITHOUT_REDIS) },
    { name: 'redis-version', look: withRedis((port) => checkRedisVersion(port)) },
    { name: 'redis-clock', look: withRedis((port) => checkRedisClock(port, clock)) },
    { name: 'scripts', look: withRedis((port) => checkScripts(port)) },
    { name: 'eviction', look: withRedis((port) => checkEviction(port)) },
    { name: 'persistence', look: withRedis((port) => checkPersistence(port)) },
    { name: 'records', look: withRedis((port) => checkRecords(port, prefix)) },
  ];
}

const NONE = 'none configured: slower, but right';
const NO_REDIS = ok(NONE);
const WITHOUT_REDIS = warning(NONE, 'set REDIS_URL, unless that is meant');
