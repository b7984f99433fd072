import { setTimeout as sleep } from 'node:timers/promises';
import { Client, credentials, Metadata, status } from '@grpc/grpc-js';
import pg from 'pg';
import { CreateOrderRequest, OrderServiceService } from '../src/generated/orders/v1/order_service.ts';
import { startServiceProcess } from '../test/support/service-process.ts';
import type { ContestantName } from './contestants.ts';
import type { Kill } from './results.ts';
import { type ContestantProcess, startContestant } from './stage/contestant-process.ts';
import type { Stage } from './stage/stage.ts';

const KEY = 'killed';
const RETRY_EVERY_MS = 250;
const ANSWER_LIMIT_MS = 20_000;
const ATTEMPT_LIMIT_MS = 10_000;

/** Kills a contestant's process right after it has committed an order, starts another, and retries with the same key. What is in Redis stays there. */
export async function killAfterCommit(contestant: ContestantName, stage: Stage): Promise<Kill> {
  const databaseUrl = await stage.createDatabase();
  try {
    await dieInCall(contestant, databaseUrl, stage.redisUrl);
    const killedAtMs = performance.now();
    await using server = await startContestant(contestant, { databaseUrl, redisUrl: stage.redisUrl });
    const isAnswered = await retry(server, killedAtMs + ANSWER_LIMIT_MS);
    const answeredAfterMs = performance.now() - killedAtMs;
    const orders = await countOrders(databaseUrl);
    return { contestant, orders, ...(isAnswered && { answeredAfterMs }) };
  } finally {
    await stage.dropDatabase(databaseUrl);
  }
}

/** The service has no switch for its death: it is stopped at a pause point of its protocol, which tests can reach. */
async function dieInCall(contestant: ContestantName, databaseUrl: string, redisUrl: string): Promise<void> {
  if (contestant === 'ours') {
    await using service = await startServiceProcess({ databaseUrl, redisUrl, pauseAt: 'after_commit' });
    const answer = createOrder(service.port);
    await within(ATTEMPT_LIMIT_MS, service.paused(), 'the service has not committed an order');
    await service.kill();
    await answer;
    return;
  }
  const settings = { DIE_AFTER_COMMIT_OF: KEY };
  await using server = await startContestant(contestant, { databaseUrl, redisUrl, settings });
  const answer = await createOrder(server.port);
  await within(
    ATTEMPT_LIMIT_MS,
    server.ended,
    `${contestant} did not die after its commit, but answered ${status[answer]}`,
  );
}

async function within(limitMs: number, event: Promise<void>, otherwise: string): Promise<void> {
  const hasCome = await Promise.race([event.then(() => true), sleep(limitMs, false, { ref: false })]);
  if (!hasCome) {
    throw new Error(otherwise);
  }
}

async function retry({ port }: ContestantProcess, untilMs: number): Promise<boolean> {
  while (performance.now() < untilMs) {
    if ((await createOrder(port)) === status.OK) {
      return true;
    }
    await sleep(RETRY_EVERY_MS);
  }
  return false;
}

async function createOrder(port: number): Promise<status> {
  const client = new Client(`127.0.0.1:${port}`, credentials.createInsecure(), {
    'grpc.enable_retries': 0,
    'grpc.use_local_subchannel_pool': 1,
  });
  const metadata = new Metadata();
  metadata.set('idempotency-key', KEY);
  const { path, requestSerialize } = OrderServiceService.createOrder;
  const request = CreateOrderRequest.fromPartial({
    customerId: 'customer',
    items: [{ sku: 'tea', quantity: 1, unitPrice: { currencyCode: 'EUR', units: 4n } }],
  });
  return await new Promise((resolve) => {
    const deadline = Date.now() + ATTEMPT_LIMIT_MS;
    client.makeUnaryRequest(
      path,
      requestSerialize,
      (bytes: Buffer) => bytes,
      request,
      metadata,
      { deadline },
      (error) => {
        client.close();
        resolve(error === null ? status.OK : error.code);
      },
    );
  });
}

async function countOrders(databaseUrl: string): Promise<number> {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  const { rows } = await client.query('select count(*)::int as orders from orders');
  await client.end();
  return rows[0]?.orders;
}
