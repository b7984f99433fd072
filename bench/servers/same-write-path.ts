import { Database } from '../../src/database/database.ts';
import { GroupCommit } from '../../src/database/group-commit.ts';
import { groupLimits } from '../../src/database/placements.ts';
import type { Order } from '../../src/orders/order.ts';
import { placeOrder } from '../../src/orders/place-order.ts';
import { checkRequest } from '../../src/orders/validation/check-request.ts';
import { draftRule } from '../../src/orders/validation/draft-rule.ts';
import { createLogger } from '../../src/telemetry/logger.ts';
import { AnswerLimits } from '../../src/transport/answer-limits.ts';
import { CallLimits } from '../../src/transport/call-limits.ts';
import { createGrpcServer } from '../../src/transport/grpc-server.ts';
import { createLoggingInterceptor } from '../../src/transport/logging-interceptor.ts';
import { toOrderMessage } from '../../src/transport/order-messages.ts';
import { configuration } from './configuration.ts';
import { serveOrders } from './order-server.ts';
import { placeWithoutLedger, withoutLedger } from './write-path.ts';

// The service with idempotency switched off: no interceptor of it, no Redis, no ledger. What it lacks is the price of the promise.
const { grpc, events, log } = configuration;
const database = new Database({ ...configuration.database, onChange: () => {} });
await database.start();
const text = placeWithoutLedger();
const groups = new GroupCommit<{ readonly order: Order; readonly key: string }, void>({
  commit: async (orders) => {
    await database.runPrepared({ name: 'place_orders', text, values: withoutLedger(orders) });
    return () => {};
  },
  keyOf: ({ key }) => key,
  bytesOf: () => 0,
  remedyFor: () => 'none',
  ...groupLimits,
  groupsMax: Math.floor(configuration.database.poolSize / 3),
  aloneMax: 1,
  waitLimitMs: configuration.database.connectTimeoutMs,
  tooLate: () => new Error('The order has waited too long for its turn.'),
});
const limits = new CallLimits({
  callsOpenMax: grpc.maxCallsOpen,
  streamsMax: events.watchersMax,
  callLimitMs: grpc.callLimitMs,
});
const answers = new AnswerLimits({ sendingBytesMax: grpc.maxSendingBytes, sendLimitMs: grpc.sendLimitMs });
const logging = createLoggingInterceptor({ logger: createLogger(log), onEnd: () => {}, spans: undefined });
const interceptors = [answers.interceptor, logging, limits.interceptor];

await serveOrders(
  async (request, key) => {
    const order = placeOrder(checkRequest(draftRule, request));
    await groups.commit({ order, key });
    return { order: toOrderMessage(order) };
  },
  createGrpcServer({ ...grpc, interceptors }),
);
