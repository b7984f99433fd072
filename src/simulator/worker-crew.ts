import { sendSignal } from '../embedded/running-process.ts';
import type { Dice } from './dice.ts';
import { type Program, type ProgramOptions, startProgram } from './program.ts';

/** The worker processes, of which one is killed now and then. */
export class WorkerCrew implements AsyncDisposable {
  readonly #options: Omit<ProgramOptions, 'command' | 'name'>;
  readonly #workers: Program[] = [];
  #hired = 0;

  constructor(options: Omit<ProgramOptions, 'command' | 'name'>) {
    this.#options = options;
  }

  async hire(): Promise<void> {
    this.#hired += 1;
    const worker = await startProgram({ ...this.#options, command: 'worker', name: `worker-${this.#hired}` });
    this.#workers.push(worker);
  }

  /** kill -9 for one of them, and another in its place. */
  async replaceOne(dice: Dice): Promise<void> {
    const [first, ...others] = this.#workers;
    if (first === undefined) {
      return;
    }
    const victim = dice.pick([first, ...others]);
    this.#workers.splice(this.#workers.indexOf(victim), 1);
    sendSignal(victim.processId, 'SIGKILL');
    await victim.ended;
    await this.hire();
  }

  /** Those that have ended though nobody killed them. */
  get lost(): readonly Program[] {
    return this.#workers.filter((worker) => worker.hasEnded());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.stop()));
  }
}
