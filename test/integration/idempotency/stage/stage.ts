import type { handleUnaryCall } from '@grpc/grpc-js';
import { Redis } from 'ioredis';
import pg from 'pg';
import type { Attempt, IdempotencyOptions } from '../../../../src/idempotency/index.ts';
import type { SayRequest, SayResponse, ShoutRequest } from '../../../generated/echo/v1/echo_service.ts';
import { type EchoService, startEchoService } from '../../../support/echo-service.ts';
import { createTestDatabase } from '../../../support/postgres.ts';
import { startTestRedis, type TestRedis } from '../../../support/redis.ts';
import { createGate, type Gate } from './gate.ts';

/** What a handler does before it answers: it throws what the call is to fail with. */
export type Act<Request = SayRequest> = (attempt: Attempt, request: Request) => Promise<void> | void;

export interface ServiceOptions {
  readonly settings?: Readonly<Record<string, string>>;
  readonly library?: Partial<IdempotencyOptions>;
  /** Default: true. */
  readonly withRedis?: boolean;
}

/** A database, a Redis, and echo services on them. Two services share nothing else, as two processes would. */
export interface Stage {
  readonly databaseUrl: string;
  readonly redis: TestRedis;
  /** The test's own connection to Redis. */
  readonly redisClient: Redis;
  startService(options?: ServiceOptions): Promise<EchoService>;
  /** From now on, what Say does for requests with this text, in every service. */
  whenSaying(text: string, act: Act): void;
  whenShouting(text: string, act: Act<ShoutRequest>): void;
  /** A gate that opens at the latest when the stage is closed: a test that fails leaves nobody behind it. */
  createGate(): Gate;
  /** Stops the handler of Say at a gate, for requests with this text. */
  holdSaying(text: string): Gate;
  /** Takes the place of the whole handler, for requests with this text. */
  insteadOfSaying(text: string, handler: handleUnaryCall<SayRequest, SayResponse>): void;
  /** Stops everything that was started on it. */
  close(): Promise<void>;
  sql(text: string, values?: readonly unknown[]): Promise<readonly Record<string, unknown>[]>;
}

export async function openStage(): Promise<Stage> {
  await using stack = new AsyncDisposableStack();
  const [database, redis] = await Promise.all([createTestDatabase(), startTestRedis()]);
  stack.defer(() => redis.stop());
  stack.defer(() => database.drop());
  const redisClient = stack.adopt(new Redis(redis.url), (client) => client.disconnect());
  redisClient.on('error', () => {});
  const pool = stack.adopt(new pg.Pool({ connectionString: database.url, max: 2 }), (opened) => opened.end());
  const acts = new Map<string, Act>();
  const shoutActs = new Map<string, Act<ShoutRequest>>();
  const handlers = new Map<string, handleUnaryCall<SayRequest, SayResponse>>();
  const gates: Gate[] = [];
  const newGate = (): Gate => {
    const gate = createGate();
    gates.push(gate);
    return gate;
  };
  const services = stack.move();
  return {
    databaseUrl: database.url,
    redis,
    redisClient,
    startService: async ({ settings, library, withRedis = true } = {}) =>
      services.use(
        await startEchoService({
          databaseUrl: database.url,
          redisUrl: withRedis ? redis.url : undefined,
          onRun: (_run, attempt, request) => acts.get(request.text)?.(attempt, request),
          onShout: (_run, attempt, request) => shoutActs.get(request.text)?.(attempt, request),
          insteadOfSay: (request) => handlers.get(request.text),
          ...(settings && { settings }),
          ...(library && { library }),
        }),
      ),
    whenSaying: (text, act) => void acts.set(text, act),
    whenShouting: (text, act) => void shoutActs.set(text, act),
    holdSaying: (text) => {
      const gate = newGate();
      acts.set(text, gate.pass);
      return gate;
    },
    insteadOfSaying: (text, handler) => void handlers.set(text, handler),
    sql: async (text, values = []) => (await pool.query<Record<string, unknown>>(text, [...values])).rows,
    createGate: newGate,
    close: async () => {
      for (const gate of gates) {
        gate.open();
      }
      await services.disposeAsync();
    },
  };
}
