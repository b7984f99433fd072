import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { createFileRegistry, type FileRegistry, fromBinary } from '@bufbuild/protobuf';
import { FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';
import { Metadata, Server, ServerCredentials } from '@grpc/grpc-js';
import { pino } from 'pino';
import { readContractFile } from '../../../src/contract.ts';
import { PostgresRecordArchive } from '../../../src/database/record-archive.ts';
import {
  GetRecordRequest,
  GetRecordResponse,
  IdempotencyServiceService,
  ListRecordsRequest,
  ListRecordsResponse,
} from '../../../src/generated/idempotency/v1/idempotency_service.ts';
import { noMemory, noRunBoard, RecordPageTokens, RunAnnouncer, Seal } from '../../../src/idempotency/index.ts';
import { createRecordHandlers } from '../../../src/transport/record-handlers.ts';
import { createToStatus } from '../../../src/transport/status.ts';
import type { EchoService } from '../../support/echo-service.ts';
import { testConfig } from '../../support/test-config.ts';
import { type CallResult, createClient, unaryCall } from '../../support/unary-call.ts';
import type { ServiceOptions, Stage } from '../idempotency/stage/stage.ts';

/** An echo service whose records can be looked at, by principals who say in their metadata who they are. */
export interface InspectedService extends AsyncDisposable {
  readonly echo: EchoService;
  get(key: string, question?: Question): Promise<CallResult>;
  list(question?: Question & Partial<ListRecordsRequest>): Promise<CallResult>;
}

export interface Question {
  /** Default: Say's. */
  readonly method?: string;
  /** Default: `nobody`, who makes the calls that name no principal. */
  readonly principal?: string;
}

export const SAY = '/echo.v1.EchoService/Say';
export const SHOUT = '/echo.v1.EchoService/Shout';

/** What all services of a stage seal with, as processes with the same database do. */
export const secret = Buffer.alloc(32, 'secret');
const silent = pino({ level: 'silent' });

export function as(principal: string): Metadata {
  const metadata = new Metadata();
  metadata.set('test-principal', principal);
  return metadata;
}

export async function inspectedService(stage: Stage, options: ServiceOptions = {}): Promise<InspectedService> {
  const echo = await stage.startService({
    ...options,
    library: {
      contract: contractOfBoth(),
      principalOf: (_call, metadata) => String(metadata.get('test-principal')[0] ?? 'nobody'),
      ...options.library,
    },
  });
  const config = testConfig(stage, options.settings);
  const server = new Server({ interceptors: [echo.idempotency.interceptor] });
  const board = echo.store?.runBoard(new Seal(secret)) ?? noRunBoard;
  server.addService(echo.idempotency.protect(IdempotencyServiceService), {
    ...createRecordHandlers({
      idempotency: echo.idempotency,
      memory: echo.store ?? noMemory,
      board,
      archive: new PostgresRecordArchive(echo.database, config.idempotency),
      pageTokens: new RecordPageTokens(secret),
      responseBytesMax: config.grpc.maxResponseBytes,
      toStatus: createToStatus(silent),
    }),
  });
  const listen = promisify(server.bindAsync.bind(server));
  const client = createClient(await listen('127.0.0.1:0', ServerCredentials.createInsecure()));
  const announcer = new RunAnnouncer(() => echo.idempotency.runningCalls(), board);
  const { getRecord, listRecords } = IdempotencyServiceService;
  return {
    echo,
    get: (key, { method = SAY, principal = 'nobody' } = {}) =>
      unaryCall(client, getRecord, GetRecordRequest.fromPartial({ method, key }), { metadata: as(principal) }),
    list: ({ principal = 'nobody', ...request } = {}) =>
      unaryCall(client, listRecords, ListRecordsRequest.fromPartial(request), { metadata: as(principal) }),
    [Symbol.asyncDispose]: async () => {
      client.close();
      server.forceShutdown();
      await announcer.close();
      await echo.stop();
    },
  };
}

/** The contract of the echo service, with that of the inspection. */
function contractOfBoth(): FileRegistry {
  const echo = fromBinary(
    FileDescriptorSetSchema,
    readFileSync(new URL('../../generated/echo.binpb', import.meta.url)),
  );
  const ours = fromBinary(FileDescriptorSetSchema, readContractFile());
  const names = new Set(ours.file.map(({ name }) => name));
  ours.file.push(...echo.file.filter(({ name }) => !names.has(name)));
  return createFileRegistry(ours);
}

export function foundRecord(result: CallResult): GetRecordResponse {
  return GetRecordResponse.decode(answerOf(result));
}

export function recordPage(result: CallResult): ListRecordsResponse {
  return ListRecordsResponse.decode(answerOf(result));
}

function answerOf({ response, code, message }: CallResult): Buffer {
  if (response === undefined) {
    throw new Error(`no answer: ${code} ${message}`);
  }
  return response;
}
