import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Environment } from '../../../src/config/environment.ts';
import { type ArmedSignal, type Figures, readFigures } from './server-messages.ts';

export interface ServerSlotOptions {
  readonly name: string;
  readonly environment: Environment;
  readonly logFolder: string;
}

/** How a server is started. */
export interface Edition {
  /** The root of the source tree that it runs. */
  readonly tree: string;
  /** By how much its wall clock is wrong. */
  readonly clockShiftMs: number;
}

export const presentEdition: Edition = { tree: fileURLToPath(new URL('../../..', import.meta.url)), clockShiftMs: 0 };

const SHIFTED_CLOCK = fileURLToPath(new URL('./shifted-clock.ts', import.meta.url));
const STOP_LIMIT_MS = 30_000;
/** The longest fault lasts 8 s, and a start that met one tries again after 2 s. */
const START_LIMIT_MS = 60_000;
const FIGURES_LIMIT_MS = 10_000;

/** The place of one server: its processes come and go, its port stays. */
export class ServerSlot {
  readonly name: string;
  readonly #options: ServerSlotOptions;
  #edition: Edition = presentEdition;
  #child: ChildProcess | undefined;
  #ready: Promise<unknown> = Promise.resolve();
  #endIsOurs = true;
  #hasStruck = false;
  /** How often a process has ended though nothing was done to it. */
  endedByItself = 0;
  /** How often one has not ended in order, and in time, when it was told to. */
  endedByForce = 0;
  /** How often one that was not ended did not take calls in time. */
  startedLate = 0;

  constructor(options: ServerSlotOptions) {
    this.name = options.name;
    this.#options = options;
  }

  get logFile(): string {
    return join(this.#options.logFolder, `${this.name}.log`);
  }

  get isRunning(): boolean {
    return this.#child !== undefined && this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** Starts a process, as the last one was unless told otherwise; see `ready`. */
  async start(edition: Edition = this.#edition): Promise<void> {
    this.#edition = edition;
    const log = await open(this.logFile, 'a');
    const { tree, clockShiftMs } = edition;
    const child = spawn(
      process.execPath,
      ['--expose-gc', '--import', SHIFTED_CLOCK, join(tree, 'test/torture/stage/server.ts')],
      {
        env: { ...this.#options.environment, CLOCK_SHIFT_MS: String(clockShiftMs) },
        stdio: ['ignore', log.fd, log.fd, 'ipc'],
        // In a group of its own, or Ctrl-C in the terminal would end it, too.
        detached: true,
      },
    );
    await log.close();
    this.#child = child;
    this.#endIsOurs = false;
    // A message that meets a process that is about to end is of no use to anybody.
    child.on('error', () => {});
    const exited = once(child, 'exit').then(() => {
      if (this.#child === child && !this.#endIsOurs) {
        this.endedByItself += 1;
      }
    });
    const isReady = new Promise<void>((resolve) => {
      child.on('message', (message) => {
        if (message === 'ready') {
          resolve();
        } else if (message === 'struck') {
          this.#hasStruck = true;
        }
      });
    });
    this.#ready = this.#inTime(Promise.race([isReady, exited]));
  }

  async #inTime(started: Promise<void>): Promise<void> {
    const inTime = await Promise.race([started.then(() => true), sleep(START_LIMIT_MS, false, { ref: false })]);
    this.startedLate += inTime ? 0 : 1;
  }

  /** Resolves when it takes calls, has ended, or should have taken calls long ago. */
  get ready(): Promise<unknown> {
    return this.#ready;
  }

  async kill(): Promise<void> {
    await this.#end('SIGKILL');
  }

  /** SIGTERM. @returns whether it ended in order and in time */
  async stop(): Promise<boolean> {
    const child = this.#child;
    const ended = this.#end('SIGTERM');
    const inTime = await Promise.race([ended.then(() => true), sleep(STOP_LIMIT_MS, false, { ref: false })]);
    if (!inTime) {
      await this.#end('SIGKILL');
    }
    const isInOrder = inTime && child?.exitCode === 0;
    this.endedByForce += isInOrder ? 0 : 1;
    return isInOrder;
  }

  freeze(): void {
    this.#child?.kill('SIGSTOP');
  }

  thaw(): void {
    this.#child?.kill('SIGCONT');
  }

  /** Lets the process send itself a signal when the next call gets to a point. */
  arm(armed: ArmedSignal): void {
    this.#hasStruck = false;
    this.#endIsOurs ||= armed.signal === 'SIGKILL';
    this.#send(armed);
  }

  /** Whether it has sent itself the signal for which it was armed last. Asked when it is awake. */
  async hasStruck(): Promise<boolean> {
    // Messages keep their order: with the answer, all that was said before is here.
    await this.figures();
    return this.#hasStruck;
  }

  /** Takes back what was armed. */
  disarm(): void {
    this.#send('disarm');
    if (this.isRunning) {
      this.#endIsOurs = false;
    }
  }

  /** Resolves when the process has ended. */
  async ended(): Promise<void> {
    if (this.isRunning && this.#child !== undefined) {
      await once(this.#child, 'exit');
    }
  }

  /** @returns undefined if there is no answer in time */
  async figures(): Promise<Figures | undefined> {
    const child = this.#child;
    if (child === undefined || !this.isRunning) {
      return undefined;
    }
    const { promise, resolve } = Promise.withResolvers<Figures | undefined>();
    const listen = (message: unknown) => {
      const figures = readFigures(message);
      if (figures !== undefined) {
        resolve(figures);
      }
    };
    child.on('message', listen);
    const limit = setTimeout(resolve, FIGURES_LIMIT_MS, undefined);
    this.#send('figures');
    try {
      return await promise;
    } finally {
      clearTimeout(limit);
      child.off('message', listen);
    }
  }

  #send(message: ArmedSignal | 'figures' | 'disarm'): void {
    if (this.#child?.connected === true) {
      this.#child.send(message, () => {});
    }
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    this.#endIsOurs = true;
    this.#child?.kill(signal);
    await this.ended();
  }
}
