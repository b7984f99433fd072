import { oneLine } from '../one-line.ts';
import type { RedisPort } from '../ports.ts';
import { fault, ok, type Remark, warning } from '../remark.ts';
import { RefusedError, UnreachableError } from '../trouble.ts';

export interface RedisCheckOptions {
  readonly prefix: string;
  /** Answers slower than this open the circuit, */
  readonly slowMs: number;
}

const ASKED_TIMES = 3;

/** Why Redis may refuse to write, by the first word of its answer, and what to do. */
const refusals: Readonly<Record<string, readonly [message: string, advice: string]>> = {
  READONLY: ['it is a replica: it cannot be written to', 'let REDIS_URL name the primary'],
  MISCONF: [
    'it refuses writes, for it cannot save its data',
    'see its log: the disk is full, or its folder not writable',
  ],
  OOM: ['it refuses writes, for its memory is full', 'raise maxmemory, or remove what others keep in it'],
  NOREPLICAS: ['it refuses writes, for it has too few replicas', 'set min-replicas-to-write 0: we need none'],
  LOADING: ['it is loading its data', 'wait: the service uses it as soon as it is ready'],
  BUSY: ['it is busy with a script', 'SCRIPT KILL ends it; none of ours runs for long'],
  NOAUTH: ['it wants a password', 'put it in REDIS_URL'],
  WRONGPASS: ['it does not know this user and password', 'correct REDIS_URL'],
  NOPERM: [
    'this user may not do all that the service does',
    'allow it ~<REDIS_PREFIX>* &<REDIS_PREFIX>:wake +@read +@write +@scripting +@pubsub +@connection +time +info',
  ],
  MASTERDOWN: ['it is a replica that has lost its primary', 'let REDIS_URL name the primary'],
};

/** Whether Redis is there and takes writes. While it does not, the service goes on without it: slower, but right. */
export async function checkRedis(redis: RedisPort, { prefix, slowMs }: RedisCheckOptions): Promise<Remark> {
  try {
    let roundTripMs = Number.POSITIVE_INFINITY;
    for (let times = 0; times < ASKED_TIMES; times += 1) {
      const beganMs = performance.now();
      await redis.call('PING');
      roundTripMs = Math.min(roundTripMs, performance.now() - beganMs);
    }
    // A write, as far as Redis is concerned, that changes nothing: there is no such key.
    await redis.call('SET', `${prefix}:doctor`, '', 'XX', 'PX', 1);
    await redis.call('TIME');
    // Waiters are woken by messages with the id of a record: nobody waits for none.
    await redis.call('PUBLISH', `${prefix}:wake`, '');
    const facts = { roundTripMs: Number(roundTripMs.toFixed(2)), isWritable: true };
    const text = `can be written to, ${facts.roundTripMs} ms away`;
    return roundTripMs < slowMs
      ? ok(text, facts)
      : warning(text, `slower than REDIS_SLOW_MS (${slowMs}): calls go on without it`, facts);
  } catch (error) {
    return refusal(error);
  }
}

function refusal(error: unknown): Remark {
  if (error instanceof UnreachableError) {
    return fault(
      `cannot be reached: ${oneLine(error.message)}`,
      'check REDIS_URL, and whether Redis runs; until then calls are slower, but right',
    );
  }
  if (!(error instanceof RefusedError)) {
    throw error;
  }
  const [message, advice] = refusals[error.code] ?? [
    oneLine(error.message),
    'see its log; calls are slower, but right',
  ];
  return fault(message, advice, { isWritable: false, error: oneLine(error.message) });
}
