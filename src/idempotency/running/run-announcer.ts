import type { RunBoard } from './run-board.ts';
import type { RunningCall } from './running-call.ts';

/** How often is told what runs, and how old a run must be: most end long before anybody could ask for them. */
const INTERVAL_MS = 1_000;

/** More are not told; those that run for longest are. */
const CALLS_MAX = 1_000;

/** Tells the other processes which calls have been running here for a while. A process that has none says nothing. */
export class RunAnnouncer {
  readonly #runningCalls: () => readonly RunningCall[];
  readonly #board: RunBoard;
  readonly #timer: NodeJS.Timeout;
  #hasAnnounced = false;
  #announcing: Promise<void> | undefined;

  constructor(runningCalls: () => readonly RunningCall[], board: RunBoard) {
    this.#runningCalls = runningCalls;
    this.#board = board;
    this.#timer = setInterval(() => this.#tick(), INTERVAL_MS).unref();
  }

  /** Takes back what was told. */
  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.#announcing;
    await this.#announce([]);
  }

  /** One at a time: a slow board hears less often. */
  #tick(): void {
    this.#announcing ??= this.#announce(this.#runningCalls().filter(({ ageMs }) => ageMs >= INTERVAL_MS)).finally(
      () => {
        this.#announcing = undefined;
      },
    );
  }

  async #announce(calls: readonly RunningCall[]): Promise<void> {
    if (calls.length > 0 || this.#hasAnnounced) {
      this.#hasAnnounced = calls.length > 0;
      const longestFirst = [...calls].sort((one, other) => other.ageMs - one.ageMs);
      await this.#board.announce(longestFirst.slice(0, CALLS_MAX));
    }
  }
}
