import { EchoServiceService, SayRequest } from '../../../generated/echo/v1/echo_service.ts';
import type { EchoService } from '../../../support/echo-service.ts';
import { type CallOptions, type CallResult, metadataValue, unaryCall } from '../../../support/unary-call.ts';

type Caller = Pick<EchoService, 'client'>;

export function say(to: Caller, request: Partial<SayRequest>, options?: CallOptions) {
  return unaryCall(to.client, EchoServiceService.say, { ...SayRequest.fromPartial({}), ...request }, options);
}

export function shout(to: Caller, text: string, options?: CallOptions) {
  return unaryCall(to.client, EchoServiceService.shout, { text }, options);
}

export function listenTo(to: Caller, text: string, options?: CallOptions) {
  return unaryCall(to.client, EchoServiceService.listen, { text }, options);
}

/** What a caller learns about its key and its call, in words. */
export function toldBy(result: CallResult) {
  return {
    key: metadataValue(result, 'idempotency-key'),
    source: metadataValue(result, 'idempotency-key-source'),
    status: metadataValue(result, 'idempotency-status'),
  };
}

/** Everything of a failure that every caller must get alike, in bytes. */
export function failureBytes({ code, message, metadata }: CallResult) {
  return {
    code,
    message,
    details: metadata.get('grpc-status-details-bin').map((value) => Buffer.from(value).toString('hex')),
  };
}
