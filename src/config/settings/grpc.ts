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
    meaning:
      'How many calls do work at once: reads, and the first of each key. More are refused at once with RESOURCE_EXHAUSTED; ' +
      'duplicates of running calls still wait, and repeated calls still get their answers.',
  }),
  maxCallsOpen: setting(count('calls', { min: 1, max: 1_000_000 }), {
    variable: 'GRPC_MAX_CALLS_OPEN',
    default: 4_000,
    reason:
      'a call that waits costs 17 kB, and one whose request has come but for its last byte 256 KiB: a gigabyte, and 2.9 more for streams and health',
    meaning: 'How many unary calls are open at all, working, waiting or replaying. More are refused at once.',
  }),
  maxConnections: setting(count('connections', { min: 1, max: 1_000_000 }), {
    variable: 'GRPC_MAX_CONNECTIONS',
    default: 2_000,
    reason: 'a client has one or a few; two thousand idle ones cost less memory than the process itself',
    meaning: 'How many connections are open at once. More are closed as soon as they are opened.',
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
    meaning:
      'A unary call without a deadline ends after this with DEADLINE_EXCEEDED, and a stream whose request has not come; a longer deadline is cut to it.',
  }),
  maxSendingBytes: setting(sizeBytes({ min: 64 * kibibyte, max: 4_096 * mebibyte }), {
    variable: 'GRPC_MAX_SENDING_BYTES',
    default: 64 * mebibyte,
    reason: 'sixteen answers of the largest size: gRPC makes a copy of each for each call that it is sent to',
    meaning:
      'How many bytes of answers above 16 KiB are on their way at once; a connection may have a sixteenth. As many more wait; beyond, calls are told to come again.',
  }),
  sendLimitMs: setting(durationMs({ min: 10, max: 3_600_000 }), {
    variable: 'GRPC_SEND_LIMIT_MS',
    default: 30_000,
    reason: 'the largest answer takes that long at 1.2 Mbit/s; a client that reads slower does not read',
    meaning:
      'How long a client may take to read the answer of a unary call, or the end of a stream, before it is reset.',
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
