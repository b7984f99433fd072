import { IdempotencyConfig, makeIdempotent } from '@aws-lambda-powertools/idempotency';
import { CachePersistenceLayer } from '@aws-lambda-powertools/idempotency/cache';
import { createClient } from '@redis/client';
import { type CreateOrderRequest, CreateOrderResponse } from '../../src/generated/orders/v1/order_service.ts';
import { required, serveOrders } from './order-server.ts';
import { unitOfWork } from './unit-of-work.ts';

/** A day, as ours. */
const EXPIRES_AFTER_SECONDS = 24 * 60 * 60;

/** How long a call may take, which a Lambda function knows of itself: afterwards a retry may begin anew. As long as our lease. */
const REMAINING_MS = 5_000;

const client = await createClient({ url: required('REDIS_URL') }).connect();
const createOrder = unitOfWork();
const config = new IdempotencyConfig({ eventKeyJmesPath: 'key', expiresAfterSeconds: EXPIRES_AFTER_SECONDS });
config.registerLambdaContext({
  awsRequestId: '',
  callbackWaitsForEmptyEventLoop: false,
  done: () => {},
  fail: () => {},
  functionName: 'createOrder',
  functionVersion: '',
  getRemainingTimeInMillis: () => REMAINING_MS,
  invokedFunctionArn: '',
  logGroupName: '',
  logStreamName: '',
  memoryLimitInMB: '',
  succeed: () => {},
});

// The library keeps results as JSON, which has neither 64-bit integers nor maps: the message's own bytes, as text, are what goes in.
const idempotent = makeIdempotent(
  async ({ key, request }: { readonly key: string; readonly request: () => CreateOrderRequest }) =>
    Buffer.from(CreateOrderResponse.encode(await createOrder(request(), key)).finish()).toString('base64'),
  { persistenceStore: new CachePersistenceLayer({ client }), config },
);

await serveOrders(async (request, key) => {
  const response = await idempotent({ key, request: () => request });
  return Buffer.from(response, 'base64');
});
