import type { Mutant } from './mutant.ts';

const LEDGER = 'src/database/ledger.ts';
const STATEMENT = 'src/database/ledger-statement.ts';
const REPOSITORY = 'src/database/order-repository.ts';
const PLACEMENTS = 'src/database/placements.ts';
const PLACEMENT = 'src/database/placement-statement.ts';
const GROUP = 'src/database/settle-group.ts';
const WHERE = `where known.expires_at
      + (select remembered_ms from \${source} as entry where entry.id = excluded.id) * interval '1 millisecond' <= now()`;
const PLACE = 'return await this.#ledger.underItsKey(entry, () => this.#placements.commit({ order, entry }));';
const CONFLICT = "lost.includes(entry.record.id) ? 'conflict' : 'committed'";

/** Mistakes in the ledger, and in what is committed with it. */
export const ledgerMutants: readonly Mutant[] = [
  {
    name: 'order-outside-the-transaction',
    what: 'the order is committed, and its ledger entry afterwards',
    changes: [
      {
        file: PLACEMENT,
        find: "entered as (${insertEntries('placements')}),",
        replace: 'entered as (select id from placements),',
      },
      {
        file: REPOSITORY,
        find: PLACE,
        replace: `await this.#placements.commit({ order, entry });
    return await this.#ledger.record(entry);`,
      },
    ],
    flaw: 'ledgerOutsideTransaction',
    faults: 'clients-cut',
  },
  {
    name: 'job-outside-the-transaction',
    what: 'the job is added when the order is committed already',
    changes: [
      {
        file: PLACEMENT,
        find: '${JOB_SCHEMA}.add_jobs(specs) where specs is not null)',
        replace: '(select 1) as nothing where specs is not null)',
      },
      {
        file: REPOSITORY,
        find: PLACE,
        replace: `const result = await this.#placements.commit({ order, entry });
    await this.#database.runPrepared({
      name: 'add_job',
      text: "select from graphile_worker.add_job('process_order', json_build_object('orderId', $1::text, 'failures', 0), job_key => 'order:' || $1)",
      values: [order.orderId],
    });
    return result;`,
      },
    ],
    faults: 'postgres-cut,postgres-acknowledgement-lost,server-killed',
  },
  {
    name: 'conflict-ignored',
    what: 'a conflict on the primary key is taken for a commit',
    changes: [
      { file: PLACEMENTS, find: CONFLICT, replace: "lost.includes(entry.record.id) ? 'committed' : 'committed'" },
      {
        file: LEDGER,
        find: "return rows.length > 0 ? 'committed' : 'conflict';",
        replace: "return rows.length >= 0 ? 'committed' : 'conflict';",
      },
    ],
    flaw: 'conflictIgnored',
    faults: 'redis-flushed,redis-killed',
  },
  {
    name: 'group-told-alike',
    what: 'all orders of a group are told what became of the first',
    changes: [
      {
        file: GROUP,
        find: 'resolve(resultOf(member));',
        replace: 'resolve(resultOf(first.member));',
      },
    ],
    flaw: 'conflictIgnored',
    faults: 'redis-flushed,redis-killed',
  },
  {
    name: 'live-row-replaced',
    what: 'the insert of an entry replaces whatever row is there',
    changes: [{ file: STATEMENT, find: WHERE, replace: 'where known.expires_at is not null' }],
    flaw: 'liveRowReplaced',
    faults: 'redis-flushed,redis-killed',
  },
  {
    name: 'expired-row-not-replaced',
    what: 'the insert of an entry replaces no row, however old',
    changes: [{ file: STATEMENT, find: WHERE, replace: 'where known.expires_at is null' }],
    flaw: 'expiredRowNotReplaced',
    faults: 'redis-flushed',
  },
  {
    name: 'fingerprint-unchecked-in-the-ledger',
    what: 'a row of the ledger is judged without comparing the fingerprints',
    changes: [
      {
        file: 'src/idempotency/ledger-verdict.ts',
        find: 'if (differ(row.fingerprint, record.fingerprint)) {',
        replace: 'if (differ(row.fingerprint, record.fingerprint) && row.fingerprint === undefined) {',
      },
    ],
    flaw: 'fingerprintNotComparedInLedger',
    faults: 'redis-flushed,redis-killed,redis-scripts-flushed',
  },
  {
    name: 'lost-connection-is-a-failure',
    what: 'a connection that was lost while committing is told as a failure for good',
    changes: [
      {
        file: LEDGER,
        find: "      'OUTCOME_UNKNOWN',\n",
        replace: "      'IDEMPOTENCY_KEY_REUSED',\n",
      },
    ],
    flaw: 'unknownToldAsFailure',
    faults: 'postgres-acknowledgement-lost,postgres-cut',
  },
];
