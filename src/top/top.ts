import { ConfigError } from '../config/config-error.ts';
import type { Environment } from '../config/environment.ts';
import { parseConfig } from '../config/parse-config.ts';
import { endpointsOf, type Listen } from './endpoint.ts';
import { printOnce } from './print-once.ts';
import { inColour, withoutColour } from './tone.ts';
import { watch } from './watch.ts';

export interface TopOptions {
  /** Between two readings. */
  readonly intervalMs: number;
  /** One frame, and no more. */
  readonly isOnce: boolean;
}

/** `q`, Ctrl-C and Ctrl-D, as a terminal in raw mode sends them. */
const ENOUGH = ['q', 'Q', '\u0003', '\u0004'] as const;

/** Shows how a running service is, live on a terminal, else once. @throws EndpointError, ConfigError */
export async function top(
  env: Environment,
  urls: readonly string[],
  { intervalMs, isOnce }: TopOptions,
): Promise<void> {
  const endpoints = endpointsOf(urls, urls.length === 0 ? configuredListen(env) : undefined);
  const { stdin, stdout, stderr } = process;
  // A dumb terminal cannot have its lines written anew.
  if (isOnce || !stdout.isTTY || env['TERM'] === 'dumb') {
    process.exitCode = await printOnce({ endpoints, intervalMs, output: stdout, complaints: stderr });
    return;
  }
  const stopping = new AbortController();
  const stop = () => stopping.abort();
  process.on('SIGINT', stop).on('SIGTERM', stop).on('SIGHUP', stop);
  // A terminal that is closed.
  stdout.on('error', stop);
  using keys = new DisposableStack();
  if (stdin.isTTY) {
    stdin.setRawMode(true).on('data', (typed) => ENOUGH.some((key) => typed.includes(key)) && stop());
    stdin.on('end', stop).on('error', stop);
    keys.defer(() => void stdin.setRawMode(false).pause());
  }
  const paint = stdout.hasColors({ ...env }) ? inColour : withoutColour;
  await watch({ endpoints, intervalMs, terminal: stdout, paint, enough: stopping.signal });
}

function configuredListen(env: Environment): Listen | undefined {
  const parsed = parseConfig(env);
  if (!parsed.ok) {
    throw new ConfigError(parsed.faults);
  }
  return parsed.config.metrics.listen;
}
