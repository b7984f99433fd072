import { get } from 'node:http';
import { text } from 'node:stream/consumers';
import type { Client } from '@grpc/grpc-js';
import { findFreePort } from '../../../src/embedded/port.ts';
import { startTestService, type TestService, type TestServiceOptions } from '../../support/order-service.ts';
import { unaryCall } from '../../support/unary-call.ts';
import { until } from './until.ts';

export type Serving = 'SERVING' | 'NOT_SERVING' | 'no answer';

/** The order service, and what an operator sees of it. */
export interface WatchedService extends TestService {
  readonly databaseUrl: string;
  /** Where Prometheus reads. */
  readonly metricsPort: number;
  /** What grpc.health.v1 says. */
  health(): Promise<Serving>;
  /** A gauge as Prometheus reads it. */
  gauge(name: 'idempotency_degraded' | 'database_up'): Promise<number>;
  /** All metrics as Prometheus reads them. */
  metrics(): Promise<string>;
  becomesDegraded(): Promise<void>;
  becomesWhole(): Promise<void>;
  /** Whether the log has a line that contains this. */
  hasLogged(words: string): boolean;
}

export async function startWatchedService(options: TestServiceOptions): Promise<WatchedService> {
  const metricsPort = await findFreePort();
  const settings = { METRICS_LISTEN: `127.0.0.1:${metricsPort}`, ...options.settings };
  const service = await startTestService({ ...options, settings });
  const gauge: WatchedService['gauge'] = async (name) => {
    const [, value] = new RegExp(`^${name}(?:\\{.*\\})? (\\S+)`, 'm').exec(await readMetrics(metricsPort)) ?? [];
    return Number(value);
  };
  return {
    ...service,
    databaseUrl: options.databaseUrl,
    metricsPort,
    health: () => healthOf(service.client),
    gauge,
    metrics: () => readMetrics(metricsPort),
    becomesDegraded: () => until('degraded', async () => (await gauge('idempotency_degraded')) === 1),
    becomesWhole: () => until('no longer degraded', async () => (await gauge('idempotency_degraded')) === 0),
    hasLogged: (words) => service.log.some(({ msg }) => typeof msg === 'string' && msg.includes(words)),
  };
}

async function readMetrics(port: number): Promise<string> {
  return await new Promise((resolve, reject) => {
    get({ port, path: '/metrics', agent: false }, (response) => void text(response).then(resolve, reject)).on(
      'error',
      reject,
    );
  });
}

const check = {
  path: '/grpc.health.v1.Health/Check',
  requestStream: false,
  responseStream: false,
  requestSerialize: (bytes: Buffer) => bytes,
  requestDeserialize: (bytes: Buffer) => bytes,
  responseSerialize: (bytes: Buffer) => bytes,
  responseDeserialize: (bytes: Buffer) => bytes,
} as const;

/** The status is the answer's only field: 1 is SERVING, 2 is NOT_SERVING. */
async function healthOf(client: Client): Promise<Serving> {
  const { response } = await unaryCall(client, check, Buffer.alloc(0));
  const statuses: readonly Serving[] = ['SERVING', 'NOT_SERVING'];
  return statuses[(response?.at(-1) ?? 0) - 1] ?? 'no answer';
}
