import { setTimeout as sleep } from 'node:timers/promises';
import { Client, credentials, Metadata, status } from '@grpc/grpc-js';
import { build } from 'hdr-histogram-js';
import { CreateOrderRequest, OrderServiceService } from '../../src/generated/orders/v1/order_service.ts';
import { keyOf } from './key-of.ts';
import type { LoadMessage, LoadPlan } from './messages.ts';

// Real clients in a process of their own: so many calls in flight at any time, each followed by the next one.

const { path } = OrderServiceService.createOrder;
const DEADLINE_MS = 30_000;
const MICROSECONDS = 1_000;

process.once('disconnect', () => process.exit());
process.once('message', (plan: LoadPlan) => {
  run(plan).catch((error: unknown) => {
    console.error(error);
    process.exit(1);
  });
});
say({ kind: 'ready' });

function say(message: LoadMessage): void {
  process.send?.(message);
}

async function run(plan: LoadPlan): Promise<void> {
  const clients = Array.from({ length: plan.channels }, (_, index) => openClient(plan, index));
  await measure(plan, clients);
  for (const client of clients) {
    client.close();
  }
  say({ kind: 'done' });
}

function openClient({ ports }: LoadPlan, index: number): Client {
  return new Client(`127.0.0.1:${ports[index % ports.length]}`, credentials.createInsecure(), {
    'grpc.enable_retries': 0,
    'grpc.use_local_subchannel_pool': 1,
  });
}

async function measure(plan: LoadPlan, clients: readonly Client[]): Promise<void> {
  const request = Buffer.from(CreateOrderRequest.encode(orderOf(plan.items)).finish());
  const histogram = build();
  const failures: Record<string, number> = {};
  let begun = 0;
  let ended = 0;
  let isMeasured = false;
  let isOver = false;
  const callAgain = async (client: Client) => {
    while (!isOver && begun < plan.callsMax) {
      begun += 1;
      const startedMs = performance.now();
      const failure = await call(client, request, keyOf(plan, begun));
      if (isMeasured) {
        ended += 1;
        if (failure === undefined) {
          histogram.recordValue(Math.round((performance.now() - startedMs) * MICROSECONDS));
        } else {
          failures[failure] = (failures[failure] ?? 0) + 1;
        }
      }
    }
  };
  const callers = Array.from({ length: plan.inFlight }, (_, index) => {
    const client = clients[index % clients.length];
    return client === undefined ? undefined : callAgain(client);
  });
  await sleep(plan.warmUpMs);
  say({ kind: 'measuring' });
  const from = { ms: performance.now(), cpu: process.cpuUsage() };
  isMeasured = true;
  await Promise.race([sleep(plan.measureMs), Promise.all(callers)]);
  isMeasured = false;
  const seconds = (performance.now() - from.ms) / 1_000;
  const { user, system } = process.cpuUsage(from.cpu);
  const at = (percentile: number) => histogram.getValueAtPercentile(percentile) / MICROSECONDS;
  say({
    kind: 'measured',
    result: {
      calls: ended,
      seconds,
      failures,
      p50Ms: at(50),
      p99Ms: at(99),
      maxMs: histogram.maxValue / MICROSECONDS,
      cpu: (user + system) / 1e6 / seconds,
    },
  });
  isOver = true;
  await Promise.all(callers);
}

/** @returns what went wrong, if something did */
function call(client: Client, request: Buffer, key: string): Promise<string | undefined> {
  const metadata = new Metadata();
  metadata.set('idempotency-key', key);
  return new Promise((resolve) => {
    client.makeUnaryRequest(
      path,
      (bytes: Buffer) => bytes,
      (bytes: Buffer) => bytes,
      request,
      metadata,
      { deadline: Date.now() + DEADLINE_MS },
      (error) => resolve(error === null ? undefined : `${status[error.code]}: ${error.details}`),
    );
  });
}

function orderOf(items: number): CreateOrderRequest {
  return {
    customerId: 'customer-0001',
    items: Array.from({ length: items }, (_, index) => ({
      sku: `article-${String(index).padStart(4, '0')}`,
      quantity: 1 + (index % 3),
      unitPrice: { currencyCode: 'EUR', units: 12n, nanos: 990_000_000 },
    })),
    note: 'Leave it with the neighbours.',
    labels: new Map([['channel', 'web']]),
  };
}
