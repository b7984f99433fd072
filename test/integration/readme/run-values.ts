const uuid = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/g;
const time = /\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z/g;
const pageToken = /(?<="nextPageToken": ")[\w-]+(?=")/g;

/** What differs from run to run: for every order id of the README the one that this run has printed in its place. */
export class RunValues {
  readonly #ids = new Map<string, string>();

  /** A command of the README for this run: with the order ids of this run's earlier answers. */
  inThisRun(command: string): string {
    return command.replaceAll(uuid, (id) => {
      const known = this.#ids.get(id);
      if (known === undefined) {
        throw new Error(`no earlier answer of the README has printed ${id}`);
      }
      return known;
    });
  }

  /** The expected lines that the output does not have, from the first on. In between it may have others. */
  missingLines(expected: readonly string[], output: string): readonly string[] {
    const lines = output.split('\n');
    let next = 0;
    const index = expected.findIndex((line) => {
      const found = lines.findIndex((candidate, position) => position >= next && this.#isMatch(line, candidate));
      next = found + 1;
      return found < 0;
    });
    return index < 0 ? [] : expected.slice(index);
  }

  /** Whether a line is the expected one but for what differs from run to run; notes the order ids that are new. */
  #isMatch(expected: string, line: string): boolean {
    if (withoutRunValues(expected) !== withoutRunValues(line)) {
      return false;
    }
    const ids = line.match(uuid) ?? [];
    const pairs = (expected.match(uuid) ?? []).map((id, index) => [id, ids[index] ?? ''] as const);
    // Two ids of the README are two ids of the run, too.
    const isNew = (id: string, actual: string) => !this.#ids.has(id) && ![...this.#ids.values()].includes(actual);
    const isMatch = pairs.every(([id, actual]) => this.#ids.get(id) === actual || isNew(id, actual));
    if (isMatch) {
      for (const [id, actual] of pairs) this.#ids.set(id, actual);
    }
    return isMatch;
  }
}

function withoutRunValues(line: string): string {
  return line.replaceAll(uuid, '<id>').replaceAll(time, '<time>').replaceAll(pageToken, '<page token>');
}
