import type { Metadata } from '@grpc/grpc-js';
import { BadRequest, ErrorInfo, ResourceInfo, RetryInfo } from '../../../src/generated/google/rpc/error_details.ts';
import { Status } from '../../../src/generated/google/rpc/status.ts';

/** google.rpc.Status as it stands in the trailers, with all that is in it. */
export function detailsIn(metadata: Metadata) {
  const bytes = detailsBytesIn(metadata);
  const { code, message, details } = Status.decode(bytes);
  const find = <T>(name: string, type: { decode(bytes: Uint8Array): T }): T | undefined => {
    const any = details.find(({ typeUrl }) => typeUrl === `type.googleapis.com/google.rpc.${name}`);
    return any && type.decode(any.value);
  };
  return {
    code,
    message,
    types: details.map(({ typeUrl }) => typeUrl),
    errorInfo: find('ErrorInfo', ErrorInfo),
    retryInfo: find('RetryInfo', RetryInfo),
    resourceInfo: find('ResourceInfo', ResourceInfo),
    violations: find('BadRequest', BadRequest)?.fieldViolations ?? [],
  };
}

export function detailsBytesIn(metadata: Metadata): Uint8Array {
  const [bytes, ...more] = metadata.get('grpc-status-details-bin');
  if (!(bytes instanceof Uint8Array) || more.length > 0) throw new Error('there is not exactly one google.rpc.Status');
  return bytes;
}
