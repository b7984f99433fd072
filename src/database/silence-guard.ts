import type { Socket } from 'node:net';
import type { ClientBase } from 'pg';
import { z } from 'zod';

/** pg does not publish the socket of a client, nor whether it waits for an answer. */
const clientInternals = z.looseObject({
  connection: z.looseObject({
    stream: z.custom<Socket>(),
  }),
});

/** A connection on which nothing was heard for too long. */
class SilenceError extends Error {
  override readonly name = 'SilenceError';
  /** What the system says when it has waited for the other side in vain. */
  readonly code = 'ETIMEDOUT';

  constructor(silenceMs: number) {
    super(`the database said nothing for ${silenceMs} ms`);
  }
}

/** The database answers a goodbye at once, or not at all. */
const GOODBYE_LIMIT_MS = 1_000;

/**
 * Destroys a connection that waits for an answer and hears nothing: a frozen or cut-off server would hold it, and whoever
 * waits for it, until TCP gives up after a quarter of an hour. pg's own query timeout would reject the query, but leave the
 * connection wedged. A goodbye that is not answered would be waited for until then, too.
 */
export function watchForSilence(client: ClientBase, silenceLimitMs: number): void {
  const { stream } = clientInternals.parse(client).connection;
  stream.setTimeout(silenceLimitMs);
  stream.on('finish', () => stream.setTimeout(Math.min(silenceLimitMs, GOODBYE_LIMIT_MS)));
  stream.on('timeout', () => {
    if (!isIdle(client)) {
      stream.destroy(new SilenceError(stream.timeout ?? silenceLimitMs));
    }
  });
}

/** Ends a connection without a goodbye; what was asked on it fails. */
export function cutOff(client: ClientBase): void {
  clientInternals.parse(client).connection.stream.destroy();
}

function isIdle(client: ClientBase): boolean {
  return Reflect.get(client, '_activeQuery') === null && Reflect.get(client, '_ending') !== true;
}
