/** Faster than safe: nothing of a test run has to survive the machine. Killing the server alone loses nothing. */
export const testPostgresSettings = {
  // A worker of its own in a database that a test drops could not be ended; tests vacuum for themselves.
  autovacuum: 'off',
  // Sooner than anybody gives up waiting: who waits in a circle is found, and not only parted.
  deadlock_timeout: '20ms',
  fsync: 'off',
  full_page_writes: 'off',
  max_connections: '300',
  shared_buffers: '64MB',
} as const;
