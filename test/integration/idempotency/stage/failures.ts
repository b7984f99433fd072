import { Metadata, type status } from '@grpc/grpc-js';
import { HandlerFailure } from '../../../support/echo-service.ts';

/** A handler's own failure with google.rpc.Status in its trailers: here some bytes of which text would lose a part. */
export function handlerFailure(code: status, message = 'it went wrong', details = Buffer.from([0, 0xff, 0xfe, 0x0a])) {
  const metadata = new Metadata();
  metadata.set('grpc-status-details-bin', details);
  return new HandlerFailure(code, message, metadata);
}
