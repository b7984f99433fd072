const RECONNECT_DELAY_MS_MAX = 1_000;
const LEAVE_INTERVAL_MS = 1_000;

/** What both connections, the one for commands and the one for wake-ups, have in common. */
export function connectionOptions(connectTimeoutMs: number) {
  let leftAtMs = Number.NEGATIVE_INFINITY;
  return {
    // A connection that is left may be deaf: nobody waits for its farewell, and no timer of it holds up the end of the process.
    disconnectTimeout: 100,
    lazyConnect: true,
    connectTimeout: connectTimeoutMs,
    // A call is better off with the ledger now than with Redis later.
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    retryStrategy: (times: number) => Math.min(times * 50, RECONNECT_DELAY_MS_MAX),
    // A server that has become a replica keeps its old connections: leave it, once, though all replies of a pipeline say so.
    reconnectOnError: (error: Error) => {
      const leaves = isReadOnly(error) && performance.now() - leftAtMs > LEAVE_INTERVAL_MS;
      if (leaves) {
        leftAtMs = performance.now();
      }
      return leaves;
    },
  };
}

/** Redis 6.2 puts words of its own before what a command in a script was told. */
function isReadOnly({ message }: Error): boolean {
  return message.includes('READONLY');
}

export type ConnectionOptions = ReturnType<typeof connectionOptions>;
