import { setLogger } from '@grpc/grpc-js';
import type { Logger } from 'pino';

/** What grpc-js writes when it drops a header that it cannot read: name and value, which may be somebody's key. */
const DROPPED_ENTRY = /(metadata entry [\w-]+: ).*/;

/** Has grpc-js write to our log, and to nowhere else, without the values of headers. */
export function routeGrpcLog(logger: Logger): void {
  const write = (...parts: unknown[]) =>
    logger.warn({ from: 'grpc' }, parts.map(String).join(' ').replace(DROPPED_ENTRY, '$1…'));
  setLogger({ error: write, info: write, debug: write });
}
