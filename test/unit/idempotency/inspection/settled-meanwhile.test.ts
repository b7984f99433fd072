import { expect, test } from '@jest/globals';
import { getRecord } from '../../../../src/idempotency/inspection/get-record.ts';
import { listRecords } from '../../../../src/idempotency/inspection/list-records.ts';
import { RecordPageTokens } from '../../../../src/idempotency/inspection/page-tokens.ts';
import type { ArchivedEntry } from '../../../../src/idempotency/inspection/ports.ts';
import { inspectionRules } from '../../../../src/idempotency/inspection/request-rules.ts';
import type { RunningCall } from '../../../../src/idempotency/running/running-call.ts';
import { recordOf, somePolicy } from '../record-of.ts';

// A call commits between the two questions, to Redis and to the ledger: whoever asks the ledger first sees neither claim nor entry.

const { id, principal, method, fingerprint } = recordOf('request');
const key = 'k';
const call: RunningCall = {
  id,
  principal,
  method,
  key,
  fingerprint,
  owner: { host: 'here', processId: 1 },
  ageMs: 2_000,
};
const entry: ArchivedEntry = {
  id,
  method,
  key,
  fingerprint,
  state: 'COMPLETED',
  storedForm: 1,
  failure: undefined,
  settledMs: 1_700_000_000_000,
  expiresMs: 1_800_000_000_000,
  age: 'live',
};

/** What Redis says as long as it runs. */
const runs = {
  kind: 'claimed',
  fingerprint,
  firstAttemptMs: 1,
  attempts: 1,
  process: call.owner,
  claimedMs: 1,
  ageMs: 2_000,
  leaseLeftMs: 1_000,
} as const;

/** All that is asked; the call ends, and goes from Redis too, as soon as Redis has been asked. */
function world() {
  const ledger = new Map<string, ArchivedEntry>();
  return {
    idempotency: { policies: () => new Map([[method, somePolicy]]), runningCalls: () => [] },
    rules: inspectionRules([method]),
    memory: {
      look: async () => {
        const wasSettled = ledger.has(id);
        ledger.set(id, entry);
        return wasSettled ? ({ kind: 'nothing' } as const) : runs;
      },
    },
    archive: {
      describe: async () => new Map(ledger),
      list: async () => ({ entries: [...ledger.values()], next: undefined }),
    },
    board: { announce: async () => {}, read: async () => [call] },
    pageTokens: new RecordPageTokens(Buffer.alloc(32)),
    bytesMax: 1_000_000,
    bytesOf: () => 100,
  };
}

test('GetRecord finds it settled', async () => {
  expect((await getRecord(principal, { method, key }, world())).record.state).toBe('COMPLETED');
});

test('ListRecords has it once, settled', async () => {
  const page = await listRecords(principal, { states: [], method: '', pageSize: 0, pageToken: '' }, world());
  expect(page.records.map(({ state }) => state)).toEqual(['COMPLETED']);
});

test('ListRecords has it once, settled, also if it commits after those that run were looked up', async () => {
  const late = {
    ...world(),
    memory: { look: async () => runs },
    archive: { describe: async () => new Map(), list: async () => ({ entries: [entry], next: undefined }) },
  };
  const page = await listRecords(principal, { states: [], method: '', pageSize: 0, pageToken: '' }, late);
  expect(page.records.map(({ state }) => state)).toEqual(['COMPLETED']);
  expect(page.runningLeftOut).toBe(0);
});
