import type { Mutant } from './mutant.ts';

const ATTEMPT = 'src/idempotency/attempt.ts';
const WORK = `let kept = outcome;
    const result = await traced(this.record, 'commit', (traceParent) => {
      kept = { ...outcome, traceParent };
      return work({ record: this.record, outcome: kept });
    });`;
const SETTLE = '() => store.settle(this.#run.claim, outcome, leftMs)';

/** Mistakes in the way of a call: its key, its fingerprint, its attempt, its answer. */
export const callMutants: readonly Mutant[] = [
  {
    name: 'answer-before-the-commit',
    what: 'OK is sent while the statement is still on its way',
    changes: [
      {
        file: ATTEMPT,
        find: WORK,
        replace: `const kept = outcome;
    void work({ record: this.record, outcome }).catch(() => {});
    const result = 'committed' as import('./ledger.ts').CommitResult;`,
      },
    ],
    flaw: 'answerBeforeCommit',
    faults: 'postgres-cut,postgres-disk-full,server-killed',
  },
  {
    name: 'settled-before-the-commit',
    what: 'Redis is told the outcome before it is committed',
    changes: [
      {
        file: ATTEMPT,
        find: WORK,
        replace: `await this.#dependencies.store.settle(this.#run.claim, outcome, this.record.policy.timeToLiveMs);
    ${WORK}`,
      },
    ],
    flaw: 'settledBeforeCommit',
    faults: 'postgres-cut,postgres-disk-full,postgres-commit-refused',
  },
  {
    name: 'released-after-the-commit',
    what: 'the claim is given up when it should be settled',
    changes: [
      {
        file: ATTEMPT,
        find: SETTLE,
        replace: '() => store.release(this.#run.claim)',
      },
    ],
    flaw: 'releaseAfterCommit',
    faults: 'clients-cut',
  },
  {
    name: 'takeover-without-the-ledger',
    what: 'who takes over a claim runs without a look into the ledger',
    changes: [
      {
        file: 'src/idempotency/claim.ts',
        find: 'if (!reply.takeover) {',
        replace: 'if (!reply.takeover || reply.takeover) {',
      },
    ],
    flaw: 'takeoverWithoutLedger',
    faults: 'server-killed-at-point,server-frozen-at-point',
  },
  {
    name: 'passing-trouble-remembered',
    what: 'UNAVAILABLE is taken for a final failure',
    changes: [
      {
        file: 'src/idempotency/classify-status.ts',
        find: '  status.NOT_FOUND,\n',
        replace: '  status.NOT_FOUND,\n  status.UNAVAILABLE,\n',
      },
    ],
    faults: 'postgres-deadlocks,postgres-disk-full,postgres-serialization',
  },
  {
    name: 'followers-share-with-strangers',
    what: 'another request that comes while a call runs gets its answer',
    changes: [
      {
        file: 'src/idempotency/coordinator.ts',
        find: 'const isOtherRequest = differ(running.record.fingerprint, record.fingerprint);',
        replace:
          'const isOtherRequest = differ(running.record.fingerprint, record.fingerprint) && record === undefined;',
      },
    ],
    faults: 'clients-slow',
  },
  {
    name: 'key-without-the-principal',
    what: 'two principals share the record of a key',
    changes: [{ file: 'src/idempotency/record.ts', find: '[principal, method, key]', replace: '[method, key]' }],
    faults: 'clients-cut',
  },
  {
    name: 'unknown-fields-ignored',
    what: 'the fingerprint leaves out what the server does not know',
    changes: [
      {
        file: 'src/idempotency/canonical/unknown-fields.ts',
        find: 'this.byNumber.get(number) ?? []',
        replace: '[] as UnknownField[]',
      },
    ],
    faults: 'clients-cut',
  },
  {
    name: 'map-in-the-order-of-arrival',
    what: 'the fingerprint depends on the order in which a map was written',
    changes: [
      {
        file: 'src/idempotency/canonical/map-content.ts',
        find: '[...this.entries.keys()].sort()',
        replace: '[...this.entries.keys()]',
      },
    ],
    faults: 'clients-cut',
  },
  {
    name: 'replay-encoded-anew',
    what: 'a stored answer is decoded, and encoded again with the fields that this version knows',
    changes: [
      {
        file: 'src/idempotency/answer-sender.ts',
        find: "import { toBuffer } from './to-buffer.ts';",
        replace: `import { CreateOrderResponse } from '../generated/orders/v1/order_service.ts';
import { toBuffer } from './to-buffer.ts';

function encodedAnew(bytes: Uint8Array): Buffer {
  return toBuffer(CreateOrderResponse.encode(CreateOrderResponse.fromPartial(CreateOrderResponse.decode(bytes))).finish());
}`,
      },
      {
        file: 'src/idempotency/answer-sender.ts',
        find: 'this.#call.sendMessage(toBuffer(outcome.response), ',
        replace: 'this.#call.sendMessage(encodedAnew(outcome.response), ',
      },
    ],
    faults: 'servers-deployed',
  },
];
