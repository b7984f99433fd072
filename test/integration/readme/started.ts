import type { Client } from '@grpc/grpc-js';
import { createClient } from '../../support/unary-call.ts';
import { type MainProcess, startMain } from './main-process.ts';

/** What `npm start` runs, ready for calls. */
export interface Started extends MainProcess {
  /** What it prints when calls are taken. */
  readonly banner: string;
  readonly client: Client;
  /** Ends it as Ctrl-C does, if it still runs, and with it the servers that it has started. */
  stop(): Promise<void>;
}

/** Runs `start` in a folder; it may end instead of becoming ready. */
export function runStart(folder: string, environment: Readonly<Record<string, string>> = {}): MainProcess {
  const settings = { GRPC_LISTEN: '127.0.0.1:0', LOG_FORMAT: 'json', ...environment };
  return startMain({ command: 'start', folder, environment: settings });
}

export async function startAndWait(folder: string, environment?: Readonly<Record<string, string>>): Promise<Started> {
  const started = runStart(folder, environment);
  const interrupt = async () => {
    started.signal('SIGINT');
    await started.exited;
  };
  try {
    const [banner, port] = await started.prints(/ The order service takes calls at 127\.0\.0\.1:(\d+)\n.*stops every/s);
    const client = createClient(Number(port));
    const stop = async () => {
      client.close();
      await interrupt();
    };
    return { ...started, banner, client, stop };
  } catch (error) {
    await interrupt();
    throw error;
  }
}
