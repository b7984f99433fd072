import { readdir, readFile } from 'node:fs/promises';

/** Ticks of /proc a second: USER_HZ, which is 100 on every Linux that Node runs on. */
const TICKS_PER_SECOND = 100;

/** How much of a CPU groups of processes use. On systems without /proc nothing is known. */
export class CpuMeter {
  readonly #groups: Readonly<Record<string, readonly number[]>>;

  /** @param groups process ids by the name of what they are; their children count too */
  constructor(groups: Readonly<Record<string, readonly number[]>>) {
    this.#groups = groups;
  }

  /** Begins to measure. @returns what tells, for each group, the share of one CPU since */
  async begin(): Promise<() => Promise<Readonly<Record<string, number>>>> {
    const before = await this.#seconds();
    const beganAtMs = performance.now();
    return async () => {
      const after = await this.#seconds();
      const seconds = (performance.now() - beganAtMs) / 1_000;
      return Object.fromEntries(
        Object.keys(this.#groups).map((name) => [name, ((after[name] ?? 0) - (before[name] ?? 0)) / seconds]),
      );
    };
  }

  async #seconds(): Promise<Readonly<Record<string, number>>> {
    const processes = await readProcesses();
    return Object.fromEntries(
      Object.entries(this.#groups).map(([name, roots]) => [
        name,
        processes
          .filter(({ id, parentId }) => roots.includes(id) || roots.includes(parentId))
          .reduce((sum, { seconds }) => sum + seconds, 0),
      ]),
    );
  }
}

interface Process {
  readonly id: number;
  readonly parentId: number;
  /** CPU time of its own, and of children that have ended. */
  readonly seconds: number;
}

async function readProcesses(): Promise<readonly Process[]> {
  const names = await readdir('/proc').catch(() => []);
  const stats = await Promise.all(
    names.filter((name) => /^\d+$/.test(name)).map((name) => readFile(`/proc/${name}/stat`, 'utf8').catch(() => '')),
  );
  return stats
    .filter((stat) => stat !== '')
    .map((stat) => {
      // After the name in parentheses: state, parent, … user, system, and both of children that have ended (proc(5)).
      const fields = stat
        .slice(stat.lastIndexOf(')') + 2)
        .split(' ')
        .map(Number);
      const ticks = [11, 12, 13, 14].reduce((sum, index) => sum + (fields[index] ?? 0), 0);
      return { id: Number.parseInt(stat, 10), parentId: fields[1] ?? 0, seconds: ticks / TICKS_PER_SECOND };
    });
}
