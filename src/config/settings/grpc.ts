import { z } from 'zod';
import { trueOrFalse } from '../rules/choice.ts';
import { listenAddress } from '../rules/listen-address.ts';
import { count, durationMs, sizeBytes } from '../rules/number.ts';
import { setting } from '../setting.ts';

const kibibyte = 1_024;
const mebibyte = 1_024 * kibibyte;

export const grpcSettings = {
  listen: setting(listenAddress(), {
    variable: 'GRPC_LISTEN',
    default: '127.0.0.1:50051',
    reason: 'this machine only: opening the service to a network is a decision',
    meaning: 'Where calls are taken. 0.0.0.0:50051 or [::]:50051 for every network.',
  }),
  maxRequestBytes: setting(sizeBytes({ min: kibibyte, max: 64 * mebibyte }), {
    variable: 'GRPC_MAX_REQUEST_BYTES',
    default: 256 * kibibyte,
    reason: 'three times the largest valid order; reading a hostile request of this size takes 0.2 s',
    meaning: 'A larger request is refused with RESOURCE_EXHAUSTED before it is read.',
  }),
  maxResponseBytes: setting(sizeBytes({ min: kibibyte, max: 64 * mebibyte }), {
    variable: 'GRPC_MAX_RESPONSE_BYTES',
    default: 4 * mebibyte,
    reason: 'gRPC clients refuse more than this unless told otherwise',
    meaning:
      'A larger answer is not sent; a mutation that would need one is refused before it commits. Lower it only when no stored answer is larger: it could not be replayed.',
  }),
  maxCallsInFlight: setting(count('calls', { min: 1, max: 100_000 }), {
    variable: 'GRPC_MAX_CALLS_IN_FLIGHT',
    default: 1_000,
    reason: 'a hundred calls for each connection to the database: more would only wait past their deadlines',
    meaning: 'Calls over this number are refused at once with RESOURCE_EXHAUSTED.',
  }),
  maxStreamsPerConnection: setting(count('streams', { min: 1, max: 10_000 }), {
    variable: 'GRPC_MAX_STREAMS_PER_CONNECTION',
    default: 250,
    reason: 'a quarter of the calls in flight, so that one client cannot take them all',
    meaning: 'How many calls one connection may have open. Clients queue the rest on their side.',
  }),
  callLimitMs: setting(durationMs({ min: 10, max: 3_600_000 }), {
    variable: 'GRPC_CALL_LIMIT_MS',
    default: 60_000,
    reason: 'enough for a duplicate that waits its longest, 30 s, and then runs a handler of its own',
    meaning: 'A unary call without a deadline ends after this with DEADLINE_EXCEEDED; a longer deadline is cut to it.',
  }),
  keepaliveTimeMs: setting(durationMs({ min: 100, max: 7_200_000 }), {
    variable: 'GRPC_KEEPALIVE_TIME_MS',
    default: 30_000,
    reason: 'below the idle limits of the usual load balancers and address translators, which begin at about a minute',
    meaning: 'How often a quiet connection is asked whether its client is still there.',
  }),
  keepaliveTimeoutMs: setting(durationMs({ min: 10, max: 600_000 }), {
    variable: 'GRPC_KEEPALIVE_TIMEOUT_MS',
    default: 10_000,
    reason: 'a client that is busy may answer late; one that is gone costs little for ten seconds',
    meaning: 'How long the client has to answer before its connection is closed.',
  }),
  maxConnectionIdleMs: setting(durationMs({ min: 100, max: 86_400_000 }), {
    variable: 'GRPC_MAX_CONNECTION_IDLE_MS',
    default: 300_000,
    reason: 'forgotten clients go away; an active one reconnects within milliseconds',
    meaning: 'A connection without a call is closed after this.',
  }),
  drainLimitMs: setting(durationMs({ min: 0, max: 600_000 }), {
    variable: 'GRPC_DRAIN_LIMIT_MS',
    default: 10_000,
    reason: 'a third of the 30 s that Kubernetes waits between SIGTERM and SIGKILL: the rest is for closing',
    meaning: 'After SIGTERM running calls may go on for so long, then they are cut. Their keys stay usable.',
  }),
  reflection: setting(trueOrFalse(), {
    variable: 'GRPC_REFLECTION',
    default: true,
    reason: 'grpcurl and `buf curl` work without the .proto files; the contract is no secret',
    meaning: 'Whether the server answers questions about its services and messages.',
  }),
};

export const grpcRule = z.object(grpcSettings).readonly();
