import { randomFillSync, randomInt } from 'node:crypto';
import { v7 as uuidv7 } from 'uuid';
import type { Order, OrderDraft } from './order.ts';
import { FIRST_SEQUENCE, FIRST_STATE } from './transitions.ts';

/**
 * Makes the order that a draft asks for. It is not placed before it is committed. Ids made in one process increase, also within a
 * millisecond; between processes their order is as good as the clocks.
 */
export function placeOrder(draft: OrderDraft, orderId: string = newOrderId()): Order {
  const createTime = timeOfUuidv7(orderId);
  return {
    ...draft,
    orderId,
    state: FIRST_STATE,
    stateReason: '',
    sequence: FIRST_SEQUENCE,
    createTime,
    updateTime: createTime,
  };
}

/** Further ahead than this a clock has been set back; within it ids go on increasing. */
const AHEAD_MS_MAX = 1_000;
const last = { ms: 0, sequence: 0 };

/**
 * The generator of the library never goes back: if the clock was ahead once, and is right again, its ids would be dated ahead from then
 * on. So it is told the time, and the counter within a millisecond, which begins somewhere in the lower half of its 32 bits.
 */
function newOrderId(): string {
  const nowMs = Date.now();
  if (nowMs > last.ms || nowMs < last.ms - AHEAD_MS_MAX) {
    last.ms = nowMs;
    last.sequence = randomInt(2 ** 31);
  } else {
    last.sequence += 1;
  }
  return uuidv7({ msecs: last.ms, seq: last.sequence, rng: randomBytesFromPool });
}

const ID_BYTES = 16;
const pool = new Uint8Array(256 * ID_BYTES);
let poolOffset = pool.length;

/** To ask the system for few bytes costs as much as to ask it for many. */
function randomBytesFromPool(): Uint8Array {
  if (poolOffset === pool.length) {
    randomFillSync(pool);
    poolOffset = 0;
  }
  poolOffset += ID_BYTES;
  return pool.subarray(poolOffset - ID_BYTES, poolOffset);
}

/** The milliseconds since 1970 in the first 48 bits (RFC 9562, section 5.7), so that id and time can never disagree. */
function timeOfUuidv7(uuid: string): Date {
  return new Date(Number.parseInt(uuid.replaceAll('-', '').slice(0, 12), 16));
}
