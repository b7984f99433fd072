const RECONNECT_DELAY_MS_MAX = 1_000;

/** What both connections, the one for commands and the one for wake-ups, have in common. */
export function connectionOptions(connectTimeoutMs: number) {
  return {
    lazyConnect: true,
    connectTimeout: connectTimeoutMs,
    // A call is better off with the ledger now than with Redis later.
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    enableAutoPipelining: true,
    retryStrategy: (times: number) => Math.min(times * 50, RECONNECT_DELAY_MS_MAX),
    // A server that has become a replica keeps its old connections: leave it.
    reconnectOnError: (error: Error) => error.message.startsWith('READONLY'),
  };
}

export type ConnectionOptions = ReturnType<typeof connectionOptions>;
