/** Time limits towards PostgreSQL that a test can wait for. */
export const POOL_SIZE = 3;
export const SILENCE_LIMIT_MS = 1_500;
export const impatientSettings = {
  DATABASE_POOL_SIZE: String(POOL_SIZE),
  DATABASE_CONNECT_TIMEOUT_MS: '500',
  DATABASE_LOCK_TIMEOUT_MS: '300',
  DATABASE_STATEMENT_TIMEOUT_MS: '1000',
  DATABASE_SILENCE_LIMIT_MS: String(SILENCE_LIMIT_MS),
};
