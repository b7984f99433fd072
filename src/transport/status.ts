import { type Metadata, status } from '@grpc/grpc-js';
import type { Logger } from 'pino';
import { toFault } from './fault.ts';
import { requestIdIn } from './request-id.ts';
import { type RichStatus, richStatus } from './rich-status.ts';
import { statusTable } from './status-table.ts';

/** Turns any error into what its caller is sent. */
export type ToStatus = (error: unknown, requestMetadata: Metadata) => RichStatus;

/**
 * Makes the function that turns errors into statuses. What is our own fault goes to the log, with its cause.
 * @param labelsOf what names a call in the log
 */
export function createToStatus(
  logger: Logger,
  labelsOf: (requestMetadata: Metadata) => object = (metadata) => ({ requestId: requestIdIn(metadata) }),
): ToStatus {
  return (error, requestMetadata) => {
    const fault = toFault(error);
    if (statusTable[fault.reason].code === status.INTERNAL) {
      logger.error({ err: error, reason: fault.reason, ...labelsOf(requestMetadata) }, 'a call met an internal error');
    }
    return richStatus(fault);
  };
}
