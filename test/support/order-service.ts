import type { Client } from '@grpc/grpc-js';
import { pino } from 'pino';
import type { Pause } from '../../src/idempotency/index.ts';
import { startService } from '../../src/service.ts';
import { type Stores, testConfig } from './test-config.ts';
import { createClient } from './unary-call.ts';

/** The order service in this process, on a migrated database of the test's. */
export interface TestService extends AsyncDisposable {
  readonly port: number;
  readonly client: Client;
  /** The lines of its log so far, as objects. */
  readonly log: readonly Record<string, unknown>[];
  stop(): Promise<void>;
}

export interface TestServiceOptions extends Stores {
  /** Environment variables over those of testEnvironment. */
  readonly settings?: Readonly<Record<string, string>>;
  readonly pause?: Pause;
}

export async function startTestService({ settings = {}, pause, ...stores }: TestServiceOptions): Promise<TestService> {
  const config = testConfig(stores, settings);
  const log: Record<string, unknown>[] = [];
  const logger = pino({ level: 'debug' }, { write: (line: string) => void log.push(JSON.parse(line)) });
  const service = await startService({ config, logger, ...(pause && { pause }) });
  const client = createClient(service.port);
  let stopped: Promise<void> | undefined;
  const stop = () => {
    client.close();
    stopped ??= service.stop();
    return stopped;
  };
  return { port: service.port, client, log, stop, [Symbol.asyncDispose]: stop };
}
