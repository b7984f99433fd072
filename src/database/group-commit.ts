import { atLeastOne, type Group, type SettleOptions, settleGroup, type Waiting } from './settle-group.ts';

export interface GroupCommitOptions<Member, Result> extends SettleOptions<Member, Result> {
  /** No group has two members with the same key, and none has one that another group is still busy with. */
  readonly keyOf: (member: Member) => string;
  readonly bytesOf: (member: Member) => number;
  readonly membersMax: number;
  /** A group ends with the member that exceeds this. */
  readonly bytesMax: number;
  /** A group that takes longer is no longer waited for by the next one. */
  readonly overdueMs: number;
  /** So many groups are under way at most, however long they take. */
  readonly groupsMax: number;
  /** A member whose group has not begun by then is turned away. */
  readonly waitLimitMs: number;
  /** What such a member is told. */
  readonly tooLate: () => Error;
}

interface Queued<Member, Result> extends Waiting<Member, Result> {
  readonly limit: NodeJS.Timeout;
}

/**
 * Group commit: whatever comes while a group is being committed forms the next group. So a lone member waits for nobody, and the more
 * there are, the fewer commits each costs (DeWitt et al., Implementation Techniques for Main Memory Database Systems, 1984).
 * How many wait is bounded by how many calls are worked on at once.
 */
export class GroupCommit<Member, Result> {
  readonly #options: GroupCommitOptions<Member, Result>;
  readonly #queue = new Set<Queued<Member, Result>>();
  readonly #underWay = new Set<Group<Member, Result>>();
  readonly #keysUnderWay = new Set<string>();
  /** The group that the next one waits for. */
  #current: Group<Member, Result> | undefined;
  #isTakingTurn = false;

  constructor(options: GroupCommitOptions<Member, Result>) {
    this.#options = options;
  }

  /** @throws what the commit of its group, or of itself alone, has thrown; `tooLate` */
  commit(member: Member): Promise<Result> {
    const { promise, resolve, reject } = Promise.withResolvers<Result>();
    const { waitLimitMs, tooLate } = this.#options;
    const limit = setTimeout(() => {
      this.#queue.delete(queued);
      reject(tooLate());
    }, waitLimitMs);
    const queued = { member, resolve, reject, limit };
    this.#queue.add(queued);
    this.#takeTurn();
    return promise;
  }

  /** Begins the next group at the end of this turn of the event loop: what came in with it goes along. */
  #takeTurn(): void {
    if (!this.#isTakingTurn) {
      this.#isTakingTurn = true;
      setImmediate(() => {
        this.#isTakingTurn = false;
        this.#beginNext();
      });
    }
  }

  #beginNext(): void {
    const { overdueMs, groupsMax } = this.#options;
    if (this.#current !== undefined || this.#underWay.size >= groupsMax) {
      return;
    }
    const group = atLeastOne(this.#takeMembers());
    if (group === undefined) {
      return;
    }
    this.#current = group;
    this.#underWay.add(group);
    const letNextBegin = () => this.#letNextBegin(group);
    const overdue = setTimeout(letNextBegin, overdueMs);
    // As soon as it is committed: the database works on the next group while this process sends the answers of this one.
    void settleGroup(group, this.#options, letNextBegin).then(() => {
      clearTimeout(overdue);
      this.#underWay.delete(group);
      for (const { member } of group) {
        this.#keysUnderWay.delete(this.#options.keyOf(member));
      }
      letNextBegin();
    });
  }

  #letNextBegin(group: Group<Member, Result>): void {
    if (this.#current === group) {
      this.#current = undefined;
    }
    this.#beginNext();
  }

  #takeMembers(): readonly Queued<Member, Result>[] {
    const { membersMax, bytesMax, bytesOf, keyOf } = this.#options;
    const taken: Queued<Member, Result>[] = [];
    let bytes = 0;
    for (const queued of this.#queue) {
      if (taken.length >= membersMax || bytes >= bytesMax) {
        break;
      }
      const key = keyOf(queued.member);
      if (!this.#keysUnderWay.has(key)) {
        this.#keysUnderWay.add(key);
        this.#queue.delete(queued);
        clearTimeout(queued.limit);
        bytes += bytesOf(queued.member);
        taken.push(queued);
      }
    }
    return taken;
  }
}
