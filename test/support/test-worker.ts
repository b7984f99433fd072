import { pino } from 'pino';
import { startWorkerService } from '../../src/worker-service.ts';
import { type Stores, testConfig } from './test-config.ts';

/** A worker alone, in this process, on a migrated database. */
export interface TestWorker extends AsyncDisposable {
  /** The lines of its log so far, as objects. */
  readonly log: readonly Record<string, unknown>[];
  /** Whether the log has a line with this text. */
  hasSaid(text: string): boolean;
  stop(): Promise<void>;
}

export interface TestWorkerOptions extends Stores {
  readonly settings?: Readonly<Record<string, string>>;
}

export async function startTestWorker({ settings = {}, ...stores }: TestWorkerOptions): Promise<TestWorker> {
  const config = testConfig(stores, settings);
  const log: Record<string, unknown>[] = [];
  const logger = pino({ level: 'debug' }, { write: (line: string) => void log.push(JSON.parse(line)) });
  const service = await startWorkerService({ config, logger });
  let stopped: Promise<void> | undefined;
  const stop = () => {
    stopped ??= service.stop();
    return stopped;
  };
  const hasSaid = (text: string) => log.some(({ msg }) => String(msg).includes(text));
  return { log, hasSaid, stop, [Symbol.asyncDispose]: stop };
}
