import { findFreePort } from '../../../src/embedded/port.ts';
import { createTestDatabase } from '../../support/postgres.ts';
import { startTestRedis } from '../../support/redis.ts';
import { createTestFolder } from '../../support/run-folder.ts';
import { createClient } from '../../support/unary-call.ts';
import { startMain } from './main-process.ts';

const patienceMs = 60_000;

export interface Served extends AsyncDisposable {
  readonly address: string;
}

/** `npm run serve` on stores of the test's, with every setting but the address as a user has it. */
export async function startServing(): Promise<Served> {
  await using stack = new AsyncDisposableStack();
  const database = stack.adopt(await createTestDatabase(), ({ drop }) => drop());
  const redis = stack.adopt(await startTestRedis(), ({ stop }) => stop());
  const port = await findFreePort();
  const address = `127.0.0.1:${port}`;
  const environment = { DATABASE_URL: database.url, REDIS_URL: redis.url, GRPC_LISTEN: address };
  const process = stack.adopt(
    startMain({ command: 'serve', folder: await createTestFolder('serve'), environment }),
    ({ kill }) => kill(),
  );
  const client = stack.adopt(createClient(port, { 'grpc.initial_reconnect_backoff_ms': 100 }), (open) => open.close());
  const ready = new Promise<void>((resolve, reject) =>
    client.waitForReady(Date.now() + patienceMs, (error) => (error === undefined ? resolve() : reject(error))),
  );
  const ended = process.exited.then((code) => {
    throw new Error(`serve has ended with ${code}:\n${process.output()}`);
  });
  ended.catch(() => {});
  await Promise.race([ready, ended]);
  const running = stack.move();
  return { address, [Symbol.asyncDispose]: () => running.disposeAsync() };
}
