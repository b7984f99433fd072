import type { Client } from '@grpc/grpc-js';
import { getOrder } from '../../support/order-requests.ts';
import type { CallResult } from '../../support/unary-call.ts';
import { connectTo } from './query-database.ts';

/** Of no order. */
export const NO_ORDER_ID = '01890a5d-ac96-774b-bcce-b302099a8057';

/** A time in which nobody reads or places an order: each read of one keeps its connection. */
export interface BusyTime extends AsyncDisposable {
  /** Begins to read so many orders, none of which exists. */
  read(client: Client, count: number): readonly Promise<CallResult>[];
  /** Lets everything that waits go on. */
  end(): Promise<void>;
}

export async function beginBusyTime(databaseUrl: string): Promise<BusyTime> {
  const holder = await connectTo(databaseUrl);
  await holder.query('begin');
  await holder.query('lock table orders in access exclusive mode');
  return {
    read: (client, count) => Array.from({ length: count }, () => getOrder(client, NO_ORDER_ID)),
    end: async () => {
      await holder.query('rollback');
    },
    [Symbol.asyncDispose]: () => holder.end(),
  };
}
