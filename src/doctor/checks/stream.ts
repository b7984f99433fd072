import { z } from 'zod';
import { counted } from '../age.ts';
import { firstRow, type PostgresPort, type RedisPort } from '../ports.ts';
import { fault, ok, type Remark, warning } from '../remark.ts';
import { RefusedError } from '../trouble.ts';

const positionRule = z.object({ last: z.coerce.bigint(), published: z.coerce.bigint() });
const QUERY = 'select last_number as last, published_number as published from event_relay';

/** The stream against what PostgreSQL knows of it. It is read between two looks there, for both move on. */
export async function checkStream(postgres: PostgresPort, redis: RedisPort, stream: string): Promise<Remark> {
  const before = await firstRow(postgres.query, positionRule, QUERY);
  const found = await readStream(redis, stream);
  const after = await firstRow(postgres.query, positionRule, QUERY);
  if (found === 'foreign') {
    return fault(`${stream} is no stream`, `move it away (RENAME ${stream} …), or set another REDIS_PREFIX`, {
      stream,
    });
  }
  const facts = {
    stream,
    length: found.length,
    lastId: found.lastId,
    lastNumber: String(after.last),
    publishedNumber: String(after.published),
  };
  const last = BigInt(found.lastId.split('-', 1)[0] ?? 0);
  if (last < before.published) {
    return warning(
      `it has come to ${last}, PostgreSQL says ${before.published}: it has lost events`,
      'the leader publishes them again within seconds; if not, see what is said of it',
      facts,
    );
  }
  if (last > after.last) {
    return warning(
      `it has come to ${last}, PostgreSQL to ${after.last}: a restored database`,
      'the leader lets the numbers go on behind it; if not, see what is said of it',
      facts,
    );
  }
  return ok(`${counted(found.length, 'event')}, the last is ${found.lastId}`, facts);
}

interface StreamState {
  readonly length: number;
  readonly lastId: string;
}

async function readStream(redis: RedisPort, stream: string): Promise<StreamState | 'foreign'> {
  try {
    const reply = z.array(z.unknown()).parse(await redis.call('XINFO', 'STREAM', stream));
    const field = (name: string) => reply[reply.indexOf(name) + 1];
    return {
      length: z.coerce.number().parse(field('length')),
      lastId: z.coerce.string().parse(field('last-generated-id')),
    };
  } catch (error) {
    if (error instanceof RefusedError && /no such key/.test(error.message)) {
      return { length: 0, lastId: '0-0' };
    }
    if (error instanceof RefusedError && error.code === 'WRONGTYPE') {
      return 'foreign';
    }
    throw error;
  }
}
