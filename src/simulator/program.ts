import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Environment } from '../config/environment.ts';
import { type ServerProcess, startServerProcess } from '../embedded/server-process.ts';

const MAIN = fileURLToPath(new URL('../main.ts', import.meta.url));

/** A process of this program, with its log in a file. */
export interface Program extends ServerProcess {
  readonly logFile: string;
}

export interface ProgramOptions {
  readonly command: 'serve' | 'worker';
  /** Tells it from others in messages, and names its log. */
  readonly name: string;
  readonly folder: string;
  readonly environment: Environment;
}

export async function startProgram({ command, name, folder, environment }: ProgramOptions): Promise<Program> {
  const logFile = join(folder, `${name}.log`);
  const started = await startServerProcess({
    title: name,
    program: process.execPath,
    programArguments: [MAIN, command],
    environment: { ...environment },
    folder,
    logFile,
    stopSteps: [
      { signal: 'SIGTERM', waitMs: 20_000 },
      { signal: 'SIGKILL', waitMs: 5_000 },
    ],
  });
  return { ...started, logFile };
}
