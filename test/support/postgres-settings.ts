/** Faster than safe: nothing of a test run has to survive the machine. Killing the server alone loses nothing. */
export const testPostgresSettings = {
  // A worker of its own in a database that a test drops could not be ended; tests vacuum for themselves.
  autovacuum: 'off',
  fsync: 'off',
  full_page_writes: 'off',
  max_connections: '300',
  shared_buffers: '64MB',
} as const;
