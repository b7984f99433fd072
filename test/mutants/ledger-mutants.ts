import type { Mutant } from './mutant.ts';

const LEDGER = 'src/database/ledger.ts';
const STATEMENT = 'src/database/ledger-statement.ts';
const REPOSITORY = 'src/database/order-repository.ts';
const WHERE = "where known.expires_at + ${rememberedMs} * interval '1 millisecond' <= now()";
const COMMIT = 'return await this.#ledger.commit(entry, (connection) => statement.execute(connection));';

/** Mistakes in the ledger, and in what is committed with it. */
export const ledgerMutants: readonly Mutant[] = [
  {
    name: 'order-outside-the-transaction',
    what: 'the order is committed, and its ledger entry afterwards',
    changes: [
      {
        file: REPOSITORY,
        find: 'with entry as (${this.#ledger.entryInsert(entry)}),\n      placed as',
        replace: "with entry as (select ${Buffer.from(entry.record.id, 'hex')}::bytea as id),\n      placed as",
      },
      {
        file: REPOSITORY,
        find: COMMIT,
        replace: `await this.#database.run((connection) => statement.execute(connection));
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
        file: REPOSITORY,
        find: 'select entry.id from entry, ${jobInsert(order.orderId)}`;',
        replace: 'select entry.id from entry`;',
      },
      {
        file: REPOSITORY,
        find: COMMIT,
        replace: `const result = await this.#ledger.commit(entry, (connection) => statement.execute(connection));
    await this.#database.run((connection) => sql\`select * from \${jobInsert(order.orderId)}\`.execute(connection));
    return result;`,
      },
    ],
    faults: 'postgres-cut,postgres-acknowledgement-lost,server-killed',
  },
  {
    name: 'conflict-ignored',
    what: 'a conflict on the primary key is taken for a commit',
    changes: [
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
    name: 'live-row-replaced',
    what: 'the insert of an entry replaces whatever row is there',
    changes: [{ file: STATEMENT, find: WHERE, replace: 'where ${rememberedMs}::bigint >= 0' }],
    flaw: 'liveRowReplaced',
    faults: 'redis-flushed,redis-killed',
  },
  {
    name: 'expired-row-not-replaced',
    what: 'the insert of an entry replaces no row, however old',
    changes: [{ file: STATEMENT, find: WHERE, replace: 'where ${rememberedMs}::bigint < 0' }],
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
