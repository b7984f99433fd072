/** What becomes of a group that could not be committed as a whole. Nothing of it was. */
export type Remedy =
  /** One of its members cannot be committed: the halves are tried, one after the other. */
  | 'halves'
  /** One of its members has to wait: each is tried alone, a few at a time. */
  | 'alone'
  /** It is nobody's fault: all fail. */
  | 'none';

export interface SettleOptions<Member, Result> {
  /** Commits all members together, or none; tells the result of each. */
  readonly commit: (members: AtLeastOne<Member>) => Promise<(member: Member) => Result>;
  /** @param tookMs how long it took to fail */
  readonly remedyFor: (error: unknown, tookMs: number) => Remedy;
  /** So many members of a group are tried alone at the same time. */
  readonly aloneMax: number;
}

export type AtLeastOne<T> = readonly [T, ...T[]];

/** A member, and how it hears what became of it. */
export interface Waiting<Member, Result> {
  readonly member: Member;
  readonly resolve: (result: Result) => void;
  readonly reject: (error: unknown) => void;
}

export type Group<Member, Result> = AtLeastOne<Waiting<Member, Result>>;

/**
 * Commits a group, and what can be committed of it if it cannot be as a whole. Each member is told what became of it; nothing is thrown.
 * @param onCommitted called after a commit, before its members are told
 */
export async function settleGroup<Member, Result>(
  group: Group<Member, Result>,
  options: SettleOptions<Member, Result>,
  onCommitted: () => void,
): Promise<void> {
  const startedAtMs = performance.now();
  const [first, ...others] = group;
  let resultOf: (member: Member) => Result;
  try {
    resultOf = await options.commit([first.member, ...others.map(({ member }) => member)]);
  } catch (error) {
    const remedy = group.length === 1 ? 'none' : options.remedyFor(error, performance.now() - startedAtMs);
    await mend(group, remedy, error, (part) => settleGroup(part, options, onCommitted), options.aloneMax);
    return;
  }
  onCommitted();
  for (const { member, resolve } of group) {
    resolve(resultOf(member));
  }
}

async function mend<Member, Result>(
  group: Group<Member, Result>,
  remedy: Remedy,
  error: unknown,
  settle: (part: Group<Member, Result>) => Promise<void>,
  aloneMax: number,
): Promise<void> {
  switch (remedy) {
    case 'none':
      for (const { reject } of group) {
        reject(error);
      }
      return;
    case 'halves': {
      const middle = Math.ceil(group.length / 2);
      for (const half of [atLeastOne(group.slice(0, middle)), atLeastOne(group.slice(middle))]) {
        await (half && settle(half));
      }
      return;
    }
    case 'alone': {
      const left = group.values();
      const tryOneByOne = async () => {
        for (const each of left) {
          await settle([each]);
        }
      };
      await Promise.all(Array.from({ length: aloneMax }, tryOneByOne));
      return;
    }
    default:
      throw new Error(`unknown remedy ${JSON.stringify(remedy satisfies never)}`);
  }
}

export function atLeastOne<T>([first, ...others]: readonly T[]): AtLeastOne<T> | undefined {
  return first === undefined ? undefined : [first, ...others];
}
