/** Faster than safe: nothing of a test run has to survive the machine. Killing the server alone loses nothing. */
export const testPostgresSettings = {
  fsync: 'off',
  full_page_writes: 'off',
  max_connections: '300',
  shared_buffers: '64MB',
} as const;
