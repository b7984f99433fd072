import type { Metadata } from '@grpc/grpc-js';
import type { Logger } from 'pino';
import type { ConfigWith } from './config/config.ts';
import { readContractFile } from './contract.ts';
import { PostgresNumberedEvents } from './database/event-log.ts';
import { PostgresLedger } from './database/ledger.ts';
import { OrderRepository } from './database/order-repository.ts';
import { PostgresRecordArchive } from './database/record-archive.ts';
import { deriveSecret, readPageTokenSecret } from './database/secrets.ts';
import { EventFeed } from './events/event-feed.ts';
import { watchOrder } from './events/watch-order.ts';
import { IdempotencyServiceService } from './generated/idempotency/v1/idempotency_service.ts';
import { OrderServiceService } from './generated/orders/v1/order_service.ts';
import {
  contractMethods,
  Idempotency,
  type Pause,
  RecordPageTokens,
  RunAnnouncer,
  readContract,
  Seal,
} from './idempotency/index.ts';
import { measureDatabase } from './measure-database.ts';
import { openDatabase } from './open-database.ts';
import { openStore } from './open-store.ts';
import { openTelemetry } from './open-telemetry.ts';
import { PageTokens } from './orders/page-token.ts';
import { createIdempotencyReport } from './report-idempotency.ts';
import { LineLimit } from './telemetry/line-limit.ts';
import { AnswerLimits } from './transport/answer-limits.ts';
import { CallLimits } from './transport/call-limits.ts';
import { type CallSpan, CallSpans } from './transport/call-spans.ts';
import { routeGrpcLog } from './transport/grpc-log.ts';
import { createGrpcServer, drain, listen } from './transport/grpc-server.ts';
import { Health } from './transport/health.ts';
import { createLoggingInterceptor } from './transport/logging-interceptor.ts';
import { createOrderHandlers } from './transport/order-handlers.ts';
import { createRecordHandlers } from './transport/record-handlers.ts';
import { addReflection } from './transport/reflection.ts';
import { requestIdIn } from './transport/request-id.ts';
import { createToStatus } from './transport/status.ts';
import { withinLimit } from './within-limit.ts';
import { startWorkers } from './workers.ts';

export interface ServiceOptions {
  readonly config: ConfigWith<'database'>;
  readonly logger: Logger;
  /** For tests: stops the service at the pause points of the protocol. */
  readonly pause?: Pause;
}

/** A running service. */
export interface Service {
  /** The port on which calls are taken. */
  readonly port: number;
  /** What it is busy with now. */
  activity(): Activity;
  /** Ends in the reverse order of the start: calls first, the database last. May be called once. */
  stop(): Promise<void>;
}

/** What a service is busy with; nothing when it is at rest. */
export interface Activity {
  /** Unary calls in flight, those included that wait. */
  readonly calls: number;
  /** Records that it claims, waits for or runs. */
  readonly runs: number;
  /** Whether it does so without Redis, which means slower. */
  readonly isDegraded: boolean;
}

/** How long a stop waits for handlers whose calls were cut, and for what is still to be written behind the answers. */
const SETTLE_LIMIT_MS = 5_000;

/** A flood is told of, but does not become one of the log. */
const WARNING_INTERVAL_MS = 10_000;

/** Builds everything from the configuration and starts it. The database must have been migrated. */
export async function startService({ config, logger, pause }: ServiceOptions): Promise<Service> {
  routeGrpcLog(logger);
  await using stack = new AsyncDisposableStack();
  const contract = readContract(readContractFile());
  const telemetry = stack.use(await openTelemetry(config, contractMethods(contract), logger));
  const { metrics, tracing } = telemetry;
  const health = new Health(config.database.graceMs);
  const onUp = () => health.databaseUp();
  const onDown = () => health.databaseDown();
  const database = stack.adopt(openDatabase({ config, logger, metrics, onUp, onDown }), (opened) => opened.close());
  await database.start();
  const { pageTokenSecret } = config.orders;
  const secret = pageTokenSecret === undefined ? await readPageTokenSecret(database) : Buffer.from(pageTokenSecret);
  const pageTokens = new PageTokens(secret);
  const seal = new Seal(deriveSecret(secret, 'running calls'));
  if (telemetry.areMetricsRead) {
    stack.defer(measureDatabase({ contract, config, database, metrics, logger }));
  }
  const onAvailable = (isAvailable: boolean) => health.redis(isAvailable);
  const store = openStore({ config, database, seal, logger, metrics, onAvailable });
  stack.defer(() => store.close());

  const feed = new EventFeed({
    events: new PostgresNumberedEvents(database),
    intervalMs: config.events.feedIntervalMs,
    logger,
  });
  stack.defer(() => feed.close());
  const workers = config.fulfilment.enabled
    ? stack.adopt(
        await startWorkers({ config, database, logger, metrics, tracing, onNews: () => feed.nudge() }),
        (started) => started.stop(),
      )
    : undefined;

  const ledger = new PostgresLedger(database, config.idempotency);
  const spans = tracing && new CallSpans(tracing.startCall);
  const labelsOf = (metadata: Metadata) => ({
    requestId: requestIdIn(metadata),
    ...traceIdOf(spans?.of(metadata)),
  });
  const toStatus = createToStatus(logger, labelsOf);
  const report = createIdempotencyReport(metrics, logger);
  const idempotency = new Idempotency({
    contract,
    store: store.port,
    ledger,
    toStatus,
    labelsOf,
    traceOf: (metadata) => spans?.of(metadata),
    report: (event, record) => {
      report(event, record);
      if (event.kind === 'executed') {
        workers?.nudge();
      }
    },
    pause,
    recheckMs: config.idempotency.recheckMs,
    handlerLimitMs: config.idempotency.handlerLimitMs,
    callLimitMs: config.grpc.callLimitMs,
    responseBytesMax: config.grpc.maxResponseBytes,
    waitersPerKeyMax: config.idempotency.maxWaitersPerKey,
    runsMax: config.grpc.maxCallsInFlight,
    leadsMax: config.grpc.maxCallsOpen,
  });
  const announcer = new RunAnnouncer(() => idempotency.runningCalls(), store.board);
  stack.defer(() => announcer.close());
  stack.defer(() => withinLimit(idempotency.drained(), SETTLE_LIMIT_MS));

  const limits = new CallLimits({
    callsOpenMax: config.grpc.maxCallsOpen,
    streamsMax: config.events.watchersMax,
    callLimitMs: config.grpc.callLimitMs,
  });
  const answers = new AnswerLimits({
    sendingBytesMax: config.grpc.maxSendingBytes,
    sendLimitMs: config.grpc.sendLimitMs,
  });
  // From the wire inwards; authentication will stand in front of the limits of calls.
  const interceptors = [
    answers.interceptor,
    createLoggingInterceptor({
      logger,
      spans,
      onEnd: ({ method, status, durationMs }) =>
        metrics.record('callDuration', durationMs / 1_000, {
          'rpc.method': method,
          'rpc.response.status_code': status,
        }),
    }),
    limits.interceptor,
    idempotency.interceptor,
  ];
  const server = createGrpcServer({ ...config.grpc, interceptors });
  const orders = new OrderRepository(database, ledger, {
    ...config.database,
    onGroup: (size) => metrics.record('groupSize', size, {}),
    ...(tracing && { traceGroup: tracing.group }),
  });
  metrics.read('callsInFlight', () => limits.openNow, {});
  metrics.read('watchers', () => feed.listenersNow, {});
  metrics.read('waiters', () => idempotency.waitersNow, {});
  metrics.read('running', () => idempotency.runningNow, {});
  metrics.read('oldestPending', () => idempotency.oldestRunMs / 1_000, {});
  server.addService(idempotency.protect(OrderServiceService), {
    ...createOrderHandlers({
      idempotency,
      orders,
      watch: (request, signal) => watchOrder(request, { orders, feed }, signal),
      pageTokens,
      spanOf: (metadata) => spans?.of(metadata),
      toStatus,
      responseBytesMax: config.grpc.maxResponseBytes,
    }),
  });
  server.addService(idempotency.protect(IdempotencyServiceService), {
    ...createRecordHandlers({
      ...store,
      idempotency,
      archive: new PostgresRecordArchive(database, config.idempotency),
      pageTokens: new RecordPageTokens(deriveSecret(secret, 'page tokens of records')),
      responseBytesMax: config.grpc.maxResponseBytes,
      toStatus,
    }),
  });
  health.addTo(server);
  if (config.grpc.reflection) {
    addReflection(server, contract);
  }
  // So that the first callers find Redis, too. Where it does not answer, they are served without it.
  await withinLimit(store.connecting(), config.redis.connectTimeoutMs);
  const refusals = new LineLimit({ linesMax: 1, windowMs: WARNING_INTERVAL_MS });
  const port = await listen(server, config.grpc.listen.authority, {
    maxConnections: config.grpc.maxConnections,
    onConnectionRefused: () => {
      if (refusals.take('connections') !== undefined) {
        logger.warn(
          { connectionsMax: config.grpc.maxConnections },
          'connections are turned away: there are as many as GRPC_MAX_CONNECTIONS allows',
        );
      }
    },
  });
  logger.info({ host: config.grpc.listen.host, port }, 'taking calls');
  stack.defer(async () => {
    health.drain();
    // Both at once: each has a limit of its own.
    const [wasCut] = await Promise.all([drain(server, limits, config.grpc.drainLimitMs), workers?.stop()]);
    logger.info({ wasCut }, wasCut ? 'calls that had not ended in time were cut' : 'all calls have ended');
  });
  const running = stack.move();
  return {
    port,
    activity: () => ({ calls: limits.openNow, runs: idempotency.runsNow, isDegraded: !store.isAvailable() }),
    stop: () => running.disposeAsync(),
  };
}

function traceIdOf(span: CallSpan | undefined): { readonly traceId?: string } {
  return span === undefined ? {} : { traceId: span.traceId };
}
