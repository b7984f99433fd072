import { readFileSync } from 'node:fs';
import type { Client, handleUnaryCall, Metadata, ServiceError, status } from '@grpc/grpc-js';
import { pino } from 'pino';
import { Database } from '../../src/database/database.ts';
import { PostgresLedger } from '../../src/database/ledger.ts';
import {
  type Attempt,
  Idempotency,
  type IdempotencyEvent,
  type IdempotencyOptions,
  noStore,
  RedisStore,
  readContract,
} from '../../src/idempotency/index.ts';
import { AnswerLimits } from '../../src/transport/answer-limits.ts';
import { CallLimits } from '../../src/transport/call-limits.ts';
import { createGrpcServer, drain, listen } from '../../src/transport/grpc-server.ts';
import { createToStatus, type ToStatus } from '../../src/transport/status.ts';
import { unaryHandler } from '../../src/transport/unary-handler.ts';
import {
  EchoServiceService,
  type SayRequest,
  type SayResponse,
  type ShoutRequest,
  type ShoutResponse,
} from '../generated/echo/v1/echo_service.ts';
import { type Stores, testConfig } from './test-config.ts';
import { createClient } from './unary-call.ts';

/** What a test has Say and Shout do. Without any, they echo, and count their runs. */
export interface EchoBehaviour {
  /** Runs in the handler, before it answers; throws what the handler is to fail with. */
  readonly onRun?: (run: number, attempt: Attempt, request: SayRequest) => Promise<void> | void;
  readonly onShout?: (run: number, attempt: Attempt, request: ShoutRequest) => Promise<void> | void;
  /** Takes the handler's place altogether, for a request of the test's choice. */
  readonly insteadOfSay?: (request: SayRequest) => handleUnaryCall<SayRequest, SayResponse> | undefined;
}

/** A failure that a handler sends as it is: the status is not made by the server's own table. */
export class HandlerFailure extends Error implements ServiceError {
  override readonly name = 'HandlerFailure';
  readonly code: status;
  readonly details: string;
  readonly metadata: Metadata;

  constructor(code: status, details: string, metadata: Metadata) {
    super(details);
    this.code = code;
    this.details = details;
    this.metadata = metadata;
  }
}

export interface EchoServiceOptions extends Stores, EchoBehaviour {
  readonly settings?: Readonly<Record<string, string>>;
  readonly library?: Partial<IdempotencyOptions>;
}

/** The neutral echo service in this process, on the library with its real stores, and a database that has been migrated. */
export interface EchoService extends AsyncDisposable {
  readonly port: number;
  readonly client: Client;
  readonly idempotency: Idempotency;
  readonly ledger: PostgresLedger;
  readonly database: Database;
  /** Undefined if it runs without Redis. */
  readonly store: RedisStore | undefined;
  /** What the library has reported so far. */
  readonly events: readonly IdempotencyEvent[];
  /** How often the handlers have run. */
  readonly runs: () => number;
  /** How many calls have come in and not yet ended. */
  readonly callsInFlight: () => number;
  stop(): Promise<void>;
}

export async function startEchoService(options: EchoServiceOptions): Promise<EchoService> {
  const config = testConfig(options, options.settings);
  const database = new Database({ ...config.database, onChange: () => {} });
  await database.start();
  const { url } = config.redis;
  const cachedAnswerBytesMax = config.idempotency.maxCachedAnswerBytes;
  const epoch = () => database.epoch;
  const store =
    url === undefined
      ? undefined
      : new RedisStore({ ...config.redis, url, epoch, cachedAnswerBytesMax, onChange: () => {} });
  const ledger = new PostgresLedger(database, config.idempotency);
  const toStatus = createToStatus(pino({ level: 'silent' }));
  const events: IdempotencyEvent[] = [];
  const idempotency = new Idempotency({
    contract: readContract(readFileSync(new URL('../generated/echo.binpb', import.meta.url))),
    store: store ?? noStore,
    ledger,
    toStatus,
    report: (event) => void events.push(event),
    recheckMs: config.idempotency.recheckMs,
    handlerLimitMs: config.idempotency.handlerLimitMs,
    callLimitMs: config.grpc.callLimitMs,
    responseBytesMax: config.grpc.maxResponseBytes,
    waitersPerKeyMax: config.idempotency.maxWaitersPerKey,
    runsMax: config.grpc.maxCallsInFlight,
    leadsMax: config.grpc.maxCallsOpen,
    ...options.library,
  });
  const handlerStatus: ToStatus = (error, metadata) =>
    error instanceof HandlerFailure ? error : toStatus(error, metadata);
  let runs = 0;
  const say = unaryHandler<SayRequest, SayResponse>(async (call) => {
    runs += 1;
    const run = runs;
    await options.onRun?.(run, idempotency.attemptOf(call), call.request);
    return { text: call.request.text, run, payload: call.request.payload };
  }, handlerStatus);
  const shout = unaryHandler<ShoutRequest, ShoutResponse>(async (call) => {
    runs += 1;
    const run = runs;
    await options.onShout?.(run, idempotency.attemptOf(call), call.request);
    return { text: call.request.text.toUpperCase(), run };
  }, handlerStatus);
  const chosenSay: handleUnaryCall<SayRequest, SayResponse> = (call, callback) =>
    (options.insteadOfSay?.(call.request) ?? say)(call, callback);
  const limits = new CallLimits({
    callsOpenMax: config.grpc.maxCallsOpen,
    streamsMax: config.events.watchersMax,
    callLimitMs: config.grpc.callLimitMs,
  });
  const answers = new AnswerLimits({
    sendingBytesMax: config.grpc.maxSendingBytes,
    sendLimitMs: config.grpc.sendLimitMs,
  });
  const interceptors = [answers.interceptor, limits.interceptor, idempotency.interceptor];
  const server = createGrpcServer({ ...config.grpc, interceptors });
  server.addService(idempotency.protect(EchoServiceService), {
    say: chosenSay,
    shout,
    listen: unaryHandler<{ text: string }, { text: string }>(async ({ request }) => ({ text: request.text }), toStatus),
  });
  const port = await listen(server, '127.0.0.1:0', config.grpc);
  const client = createClient(port);
  let stopped: Promise<void> | undefined;
  const stopOnce = async () => {
    client.close();
    await drain(server, limits, 2_000);
    await idempotency.drained();
    store?.close();
    await database.close();
  };
  const stop = () => {
    stopped ??= stopOnce();
    return stopped;
  };
  return {
    port,
    client,
    idempotency,
    ledger,
    database,
    store,
    events,
    runs: () => runs,
    callsInFlight: () => limits.openNow,
    stop,
    [Symbol.asyncDispose]: stop,
  };
}
