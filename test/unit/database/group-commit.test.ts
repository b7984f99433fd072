import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { GroupCommit, type GroupCommitOptions } from '../../../src/database/group-commit.ts';
import type { Remedy } from '../../../src/database/settle-group.ts';

const OVERDUE_MS = 50;
const WAIT_LIMIT_MS = 2_000;

const limits = {
  membersMax: 64,
  bytesMax: 1_000,
  overdueMs: OVERDUE_MS,
  groupsMax: 3,
  aloneMax: 2,
  waitLimitMs: WAIT_LIMIT_MS,
  tooLate: () => new Error('too late'),
};

beforeEach(() => {
  jest.useFakeTimers({ doNotFake: ['setImmediate', 'performance'] });
});

afterEach(() => {
  jest.useRealTimers();
});

/** A database whose commits end when the test says so. Members are words; a word's key is what comes before its dot. */
class Commits {
  /** The groups that were sent, in order. */
  readonly sent: string[][] = [];
  readonly #ends: { readonly resolve: () => void; readonly reject: (error: unknown) => void }[] = [];
  readonly groups: GroupCommit<string, string>;

  constructor(options: Partial<GroupCommitOptions<string, string>> = {}) {
    this.groups = new GroupCommit<string, string>({
      commit: async (members) => {
        this.sent.push([...members]);
        const { promise, resolve, reject } = Promise.withResolvers<void>();
        this.#ends.push({ resolve, reject });
        await promise;
        return (member) => `committed ${member}`;
      },
      keyOf: (member) => member.split('.')[0] ?? '',
      bytesOf: ({ length }) => length,
      remedyFor: () => 'none',
      ...limits,
      ...options,
    });
  }

  commit(...members: string[]): Promise<string>[] {
    return members.map((member) => this.groups.commit(member));
  }

  /** Ends a group, the oldest first, and lets everything follow that follows from it. */
  async end(group: number): Promise<void> {
    this.#ends[group]?.resolve();
    await turn();
  }

  async fail(group: number, error: unknown): Promise<void> {
    this.#ends[group]?.reject(error);
    await turn();
  }
}

/** Lets promises and one turn of the event loop pass. */
async function turn(): Promise<void> {
  await new Promise<void>((resolve) => setImmediate(resolve));
  await new Promise<void>((resolve) => setImmediate(resolve));
}

test('what comes in one turn of the event loop is one group; what comes while a group is being committed is the next one', async () => {
  const commits = new Commits();
  const first = commits.commit('a', 'b');
  await turn();
  const second = [...commits.commit('c'), ...commits.commit('d')];
  await turn();
  expect(commits.sent).toEqual([['a', 'b']]);
  await commits.end(0);
  expect(await Promise.all(first)).toEqual(['committed a', 'committed b']);
  expect(commits.sent).toEqual([
    ['a', 'b'],
    ['c', 'd'],
  ]);
  await commits.end(1);
  expect(await Promise.all(second)).toEqual(['committed c', 'committed d']);
});

test('a lone member waits for nobody', async () => {
  const commits = new Commits();
  const [alone] = commits.commit('a');
  await turn();
  await commits.end(0);
  expect(await alone).toBe('committed a');
  const [again] = commits.commit('b');
  await turn();
  expect(commits.sent).toEqual([['a'], ['b']]);
  await commits.end(1);
  expect(await again).toBe('committed b');
});

test('the next group is sent before the members of the last one are told', async () => {
  const commits = new Commits();
  const told: string[] = [];
  const [first] = commits.commit('a');
  await turn();
  const second = commits.commit('b');
  void first?.then(() => told.push(`a, when ${commits.sent.length} groups were sent`));
  await commits.end(0);
  expect(told).toEqual(['a, when 2 groups were sent']);
  await commits.end(1);
  await Promise.all(second);
});

test.each([
  { what: 'members', options: { membersMax: 2 }, groups: [['a', 'b'], ['c', 'd'], ['e']] },
  { what: 'bytes', options: { bytesMax: 3, bytesOf: () => 2 }, groups: [['a', 'b'], ['c', 'd'], ['e']] },
])('a group has no more $what than the limit', async ({ options, groups }) => {
  const commits = new Commits(options);
  const all = commits.commit('a', 'b', 'c', 'd', 'e');
  await turn();
  for (const index of groups.keys()) {
    await commits.end(index);
  }
  expect(commits.sent).toEqual(groups);
  expect(await Promise.all(all)).toHaveLength(5);
});

test('a member that is larger than a group may be is a group by itself', async () => {
  const commits = new Commits({ bytesMax: 1, bytesOf: () => 100 });
  const all = commits.commit('a', 'b');
  await turn();
  await commits.end(0);
  await commits.end(1);
  expect(commits.sent).toEqual([['a'], ['b']]);
  await Promise.all(all);
});

test('two members with one key are never in one group', async () => {
  const commits = new Commits();
  const all = commits.commit('a.1', 'a.2', 'b', 'a.3');
  await turn();
  await commits.end(0);
  await commits.end(1);
  await commits.end(2);
  expect(commits.sent).toEqual([['a.1', 'b'], ['a.2'], ['a.3']]);
  expect(await Promise.all(all)).toHaveLength(4);
});

test('behind a group that is overdue nobody waits', async () => {
  const commits = new Commits();
  const slow = commits.commit('a');
  await turn();
  const next = commits.commit('b');
  await jest.advanceTimersByTimeAsync(OVERDUE_MS - 1);
  await turn();
  expect(commits.sent).toEqual([['a']]);
  await jest.advanceTimersByTimeAsync(1);
  await turn();
  expect(commits.sent).toEqual([['a'], ['b']]);
  const last = commits.commit('c');
  await turn();
  // The end of the overdue group is nobody's turn: the group behind it is still under way.
  await commits.end(0);
  expect(await Promise.all(slow)).toEqual(['committed a']);
  expect(commits.sent).toHaveLength(2);
  await commits.end(1);
  expect(commits.sent).toEqual([['a'], ['b'], ['c']]);
  await commits.end(2);
  expect(await Promise.all([...next, ...last])).toHaveLength(2);
});

test('a group that fails is nobody in particular: all are told, nothing is sent again, and the next group goes on', async () => {
  const commits = new Commits();
  const failed = commits.commit('a', 'b');
  await turn();
  const next = commits.commit('c');
  const cut = new Error('cut');
  const told = Promise.allSettled(failed);
  await commits.fail(0, cut);
  expect(await told).toEqual([
    { status: 'rejected', reason: cut },
    { status: 'rejected', reason: cut },
  ]);
  expect(commits.sent).toEqual([['a', 'b'], ['c']]);
  await commits.end(1);
  expect(await Promise.all(next)).toEqual(['committed c']);
});

/** A database that takes no group with a bad member in it, and answers at once. */
function picky(bad: ReadonlySet<string>, remedy: Remedy) {
  const sent: string[][] = [];
  let atOnce = 0;
  let mostAtOnce = 0;
  const groups = new GroupCommit<string, string>({
    commit: async (members) => {
      sent.push([...members]);
      atOnce += 1;
      mostAtOnce = Math.max(mostAtOnce, atOnce);
      await turn();
      atOnce -= 1;
      const found = members.find((member) => bad.has(member));
      if (found !== undefined) {
        throw new Error(`bad: ${found}`);
      }
      return (member) => `committed ${member}`;
    },
    keyOf: (member) => member,
    bytesOf: () => 1,
    remedyFor: () => remedy,
    ...limits,
  });
  return { groups, sent, mostAtOnce: () => mostAtOnce };
}

const members = Array.from({ length: 64 }, (_, index) => `m${index}`);

test.each([{ bad: ['m0'] }, { bad: ['m63'] }, { bad: ['m31', 'm32'] }, { bad: members }])(
  'members that cannot be committed are found by halving, and cost the others nothing: $bad.length bad',
  async ({ bad }) => {
    const { groups, sent } = picky(new Set(bad), 'halves');
    const results = await Promise.allSettled(members.map((member) => groups.commit(member)));
    expect(results.map((result) => (result.status === 'rejected' ? String(result.reason) : result.value))).toEqual(
      members.map((member) => (bad.includes(member) ? `Error: bad: ${member}` : `committed ${member}`)),
    );
    // Each bad one costs two statements a level at most.
    expect(sent.length).toBeLessThanOrEqual(Math.min(1 + bad.length * 12, 127));
  },
);

test('members of which one has to wait are tried alone, a few at a time: only that one fails', async () => {
  const { groups, sent, mostAtOnce } = picky(new Set(['m7']), 'alone');
  const results = await Promise.allSettled(members.map((member) => groups.commit(member)));
  expect(results.filter(({ status }) => status === 'rejected')).toHaveLength(1);
  expect(results[7]).toMatchObject({ status: 'rejected' });
  expect(sent).toHaveLength(65);
  expect(mostAtOnce()).toBe(limits.aloneMax);
});

test('what tells how to mend a group is told how long it took to fail', async () => {
  const told: number[] = [];
  const commits = new Commits({
    remedyFor: (_error, tookMs) => {
      told.push(tookMs);
      return 'none';
    },
  });
  const startedAtMs = performance.now();
  const failed = Promise.allSettled(commits.commit('a', 'b'));
  await turn();
  const sentAtMs = performance.now();
  while (performance.now() - sentAtMs < 20) {
    await turn();
  }
  await commits.fail(0, new Error('bad'));
  await failed;
  expect(told).toHaveLength(1);
  expect(told[0]).toBeGreaterThanOrEqual(20);
  expect(told[0]).toBeLessThanOrEqual(performance.now() - startedAtMs);
});

test('so many groups are under way at most, however long they take; what waits behind them for too long is turned away', async () => {
  const commits = new Commits({ groupsMax: 2 });
  const slow = [...commits.commit('a')];
  await turn();
  slow.push(...commits.commit('b'));
  await jest.advanceTimersByTimeAsync(OVERDUE_MS);
  await turn();
  const waiting = Promise.allSettled(commits.commit('c', 'd'));
  await jest.advanceTimersByTimeAsync(WAIT_LIMIT_MS - 1);
  const later = commits.commit('e');
  await turn();
  expect(commits.sent).toEqual([['a'], ['b']]);
  await jest.advanceTimersByTimeAsync(1);
  expect((await waiting).map((result) => (result.status === 'rejected' ? String(result.reason) : ''))).toEqual([
    'Error: too late',
    'Error: too late',
  ]);
  await commits.end(0);
  expect(commits.sent).toEqual([['a'], ['b'], ['e']]);
  await commits.end(1);
  await commits.end(2);
  expect(await Promise.all([...slow, ...later])).toHaveLength(3);
});

test('a key that an overdue group is still busy with waits for that group, and for no other', async () => {
  const commits = new Commits();
  const slow = commits.commit('a.1');
  await turn();
  const next = commits.commit('a.2', 'b');
  await jest.advanceTimersByTimeAsync(OVERDUE_MS);
  await turn();
  expect(commits.sent).toEqual([['a.1'], ['b']]);
  await commits.end(1);
  expect(commits.sent).toHaveLength(2);
  await commits.end(0);
  expect(commits.sent).toEqual([['a.1'], ['b'], ['a.2']]);
  await commits.end(2);
  expect(await Promise.all([...slow, ...next])).toHaveLength(3);
});

test('while the halves of a group are tried, others are committed as soon as it is overdue', async () => {
  const commits = new Commits({ remedyFor: () => 'halves' });
  const split = Promise.allSettled(commits.commit('a', 'b'));
  await turn();
  await commits.fail(0, new Error('bad'));
  const next = commits.commit('c');
  await turn();
  expect(commits.sent).toEqual([['a', 'b'], ['a']]);
  await jest.advanceTimersByTimeAsync(OVERDUE_MS);
  await turn();
  expect(commits.sent).toEqual([['a', 'b'], ['a'], ['c']]);
  await commits.end(1);
  await commits.end(2);
  await commits.end(3);
  expect(await Promise.all(next)).toEqual(['committed c']);
  expect((await split).map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled']);
});
