import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { nodeEnvironment } from '../../support/node-environment.ts';

const main = fileURLToPath(new URL('../../../src/main.ts', import.meta.url));

export interface TopRun {
  readonly output: string;
  readonly complaints: string;
  readonly exitCode: number | null;
}

/** Runs `npm run top` as a user does who has no terminal. */
export async function runTop(
  words: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Promise<TopRun> {
  const child = spawn(process.execPath, [main, 'top', ...words], {
    env: { ...nodeEnvironment(), ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const [output, complaints] = [child.stdout, child.stderr].map((stream) => {
    const read = { text: '' };
    stream.setEncoding('utf8').on('data', (chunk: string) => {
      read.text += chunk;
    });
    return read;
  });
  const [exitCode] = (await once(child, 'close')) as [number | null];
  return { output: output?.text ?? '', complaints: complaints?.text ?? '', exitCode };
}

/** A program on a terminal of 80x24, and what the terminal was told. */
export interface TopOnTerminal extends AsyncDisposable {
  /** Waits until the terminal was told what contains this. */
  shows(text: string): Promise<void>;
  type(keys: string): void;
  signal(signal: NodeJS.Signals): Promise<void>;
  /** Resolves, when it has ended, with all that the terminal was told. */
  readonly ended: Promise<string>;
}

/** util-linux's `script` makes the terminal. */
export function runTopOnTerminal(url: string): TopOnTerminal {
  // What stty says afterwards is how the terminal was left.
  const command = `stty cols 80 rows 24; sh -c 'echo "id=$$"; exec "${process.execPath}" "${main}" top ${url}'; echo "code=$?"; stty -a`;
  const child = spawn('script', ['-qec', command, '/dev/null'], {
    env: { ...nodeEnvironment(), TERM: 'xterm', SHELL: '/bin/sh' },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  let told = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    told += chunk;
  });
  const ended = once(child, 'close').then(() => told);
  const shows = async (text: string) => {
    while (!told.includes(text)) {
      if (child.exitCode !== null) throw new Error(`it has not shown ${text}, but:\n${told}`);
      await Promise.race([once(child.stdout, 'data'), ended]);
    }
  };
  return {
    shows,
    type: (keys) => void child.stdin.write(keys),
    signal: async (signal) => {
      await shows('id=');
      process.kill(Number(/id=(\d+)/.exec(told)?.[1]), signal);
    },
    ended,
    [Symbol.asyncDispose]: async () => {
      child.kill('SIGKILL');
      await ended;
    },
  };
}
