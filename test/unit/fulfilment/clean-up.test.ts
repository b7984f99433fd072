import { expect, test } from '@jest/globals';
import { type CleanUpOptions, cleanUp, type DeleteSome, type Remains } from '../../../src/fulfilment/clean-up.ts';

/** Rows that are there to be deleted, and what is asked of them. */
class FakeRemains implements Remains {
  readonly name: string;
  readonly limits: number[] = [];
  runs = 0;
  left: number;
  readonly #onDelete: () => void | Promise<void>;

  constructor(name: string, left: number, onDelete: () => void | Promise<void> = () => {}) {
    this.name = name;
    this.left = left;
    this.#onDelete = onDelete;
  }

  readonly begin = () => {
    this.runs += 1;
    return (limit: number) => this.#delete(limit);
  };

  async #delete(limit: number): ReturnType<DeleteSome> {
    this.limits.push(limit);
    await this.#onDelete();
    const rows = Math.min(limit, this.left);
    this.left -= rows;
    return { rows, isMore: rows === limit };
  }
}

const open = new AbortController().signal;

function optionsFor(remains: readonly Remains[], changes: Partial<CleanUpOptions> = {}): CleanUpOptions {
  return { remains, batchRows: 10, pauseMs: 0, runLimitMs: 60_000, ...changes };
}

test('all of each kind goes, in batches that are never larger than allowed', async () => {
  const entries = new FakeRemains('entries', 25);
  const events = new FakeRemains('events', 0);
  expect(await cleanUp(optionsFor([entries, events]), open)).toEqual({ entries: 25, events: 0 });
  expect(entries.limits).toEqual([10, 10, 10]);
  expect(events.limits).toEqual([10]);
  expect([entries.runs, events.runs]).toEqual([1, 1]);
});

test('a full batch is followed by another look, for there may be more', async () => {
  const entries = new FakeRemains('entries', 20);
  expect(await cleanUp(optionsFor([entries]), open)).toEqual({ entries: 20 });
  expect(entries.limits).toHaveLength(3);
});

test('a run ends at its limit, whatever is left, and each kind has had a turn', async () => {
  const entries = new FakeRemains('entries', 1_000_000);
  const events = new FakeRemains('events', 1_000_000);
  expect(await cleanUp(optionsFor([entries, events], { runLimitMs: 0 }), open)).toEqual({ entries: 10, events: 10 });
});

test('a run ends when the worker stops, after the batch that it is at', async () => {
  const stopping = new AbortController();
  const entries = new FakeRemains('entries', 1_000_000, () => stopping.abort());
  expect(await cleanUp(optionsFor([entries], { pauseMs: 3_600_000 }), stopping.signal)).toEqual({ entries: 10 });
});

test('a worker that has stopped does not go on with the next kind', async () => {
  const stopping = new AbortController();
  const entries = new FakeRemains('entries', 1_000_000, () => stopping.abort());
  const events = new FakeRemains('events', 1_000_000);
  await cleanUp(optionsFor([entries, events]), stopping.signal);
  expect(events.limits).toEqual([]);
});

test('it rests after each batch', async () => {
  const at: number[] = [];
  const entries = new FakeRemains('entries', 25, () => void at.push(performance.now()));
  await cleanUp(optionsFor([entries], { pauseMs: 50 }), open);
  const rests = at.slice(1).map((time, index) => time - (at[index] ?? 0));
  expect(rests).toHaveLength(2);
  // A timer may fire a millisecond early.
  expect(Math.min(...rests)).toBeGreaterThanOrEqual(48);
});

test('what cannot be deleted ends the run, and the error is told', async () => {
  const entries = new FakeRemains('entries', 25, () => Promise.reject(new Error('the database is gone')));
  await expect(cleanUp(optionsFor([entries]), open)).rejects.toThrow('the database is gone');
});

test('a kind may be an object of a class: its run is begun on itself', async () => {
  class Once implements Remains {
    readonly name = 'once';
    readonly rows = 3;
    begin() {
      return async () => ({ rows: this.rows, isMore: false });
    }
  }
  expect(await cleanUp(optionsFor([new Once()]), open)).toEqual({ once: 3 });
});

test('a batch in which nothing could go does not end the run while there is more to look through', async () => {
  const batches = [
    { rows: 0, isMore: true },
    { rows: 2, isMore: true },
    { rows: 1, isMore: false },
  ];
  const events: Remains = { name: 'events', begin: () => async () => batches.shift() ?? { rows: 0, isMore: false } };
  expect(await cleanUp(optionsFor([events]), open)).toEqual({ events: 3 });
  expect(batches).toEqual([]);
});
