import type { ClientBase } from 'pg';
import { z } from 'zod';

/** pg does not publish the socket of a client, nor whether it waits for an answer. */
const clientInternals = z.looseObject({
  connection: z.looseObject({
    stream: z.custom<NodeJS.EventEmitter & { destroy(error?: Error): void; setTimeout(ms: number): void }>(),
  }),
});

/**
 * Destroys a connection that waits for an answer and hears nothing: a frozen or cut-off server would hold it, and whoever
 * waits for it, until TCP gives up after a quarter of an hour. pg's own query timeout would reject the query, but leave the
 * connection wedged.
 */
export function watchForSilence(client: ClientBase, silenceLimitMs: number): void {
  const { stream } = clientInternals.parse(client).connection;
  stream.setTimeout(silenceLimitMs);
  stream.on('timeout', () => {
    if (!isIdle(client)) {
      stream.destroy(new Error(`the database said nothing for ${silenceLimitMs} ms`));
    }
  });
}

function isIdle(client: ClientBase): boolean {
  return Reflect.get(client, '_activeQuery') === null && Reflect.get(client, '_ending') !== true;
}
