import type { Mutant } from './mutant.ts';

const BEGIN = 'src/idempotency/redis/begin.lua';
const COMPLETE = 'src/idempotency/redis/complete.lua';

/** Mistakes in the scripts, and in how they are asked. */
export const redisMutants: readonly Mutant[] = [
  {
    name: 'owner-unchecked-in-complete',
    what: 'complete settles the record of whoever holds it',
    changes: [
      {
        file: COMPLETE,
        find: "if record[1] ~= 'PENDING' or record[2] ~= owner then",
        replace: "if record[1] ~= 'PENDING' then",
      },
    ],
    flaw: 'ownerCheckDroppedInComplete',
    faults: 'server-frozen',
  },
  {
    name: 'owner-unchecked-in-release',
    what: 'release gives up the claim of whoever holds it',
    changes: [
      {
        file: 'src/idempotency/redis/release.lua',
        find: "if record[1] ~= 'PENDING' or record[2] ~= ARGV[2] then",
        replace: "if record[1] ~= 'PENDING' then",
      },
    ],
    flaw: 'releaseWithoutOwnerCheck',
    faults: 'server-frozen',
  },
  {
    name: 'fingerprint-unchecked-in-begin',
    what: 'begin answers without comparing the fingerprints',
    changes: [
      {
        file: BEGIN,
        find: 'local is_other = version == ARGV[3] and fingerprint ~= ARGV[2]',
        replace: 'local is_other = false',
      },
    ],
    flaw: 'fingerprintNotComparedInBegin',
    faults: 'clients-cut',
  },
  {
    name: 'lease-by-the-callers-clock',
    what: 'begin takes the time from the process that asks, and not from Redis',
    changes: [
      {
        file: BEGIN,
        find: 'local now = time[1] * 1000 + math.floor(time[2] / 1000)',
        replace: 'local now = tonumber(ARGV[9])',
      },
      {
        file: 'src/idempotency/redis/redis-store.ts',
        find: '      this.#process,\n    ]);',
        replace: '      this.#process,\n      Date.now(),\n    ]);',
      },
    ],
    faults: 'server-clock-wrong',
  },
  {
    name: 'claim-without-a-lease',
    what: 'a claim lasts as long as an answer',
    changes: [
      {
        file: BEGIN,
        find: 'local lease = math.max(tonumber(ARGV[5]) or 1, 1)',
        replace: 'local lease = math.max(tonumber(ARGV[6]) or 1, 1)',
      },
    ],
    flaw: 'claimWithoutLease',
    faults: 'server-killed-at-point',
  },
  {
    name: 'claim-that-never-goes',
    what: 'begin and renew set no time to live',
    changes: [
      { file: BEGIN, find: "redis.call('PEXPIRE', key, string.format('%d', lease + margin))", replace: '' },
      {
        file: 'src/idempotency/redis/renew.lua',
        find: "redis.call('PEXPIRE', key, string.format('%d', lease + 1000))",
        replace: '',
      },
    ],
    faults: 'server-killed-at-point',
  },
  {
    name: 'wake-up-missed',
    what: 'complete wakes nobody, and waiters do not look for themselves',
    changes: [
      { file: COMPLETE, find: 'if waited then\n', replace: 'if false then\n' },
      {
        file: 'src/idempotency/claim.ts',
        find: 'Math.min(reply.leaseLeftMs + 1, recheckMs)',
        replace: 'Math.max(reply.leaseLeftMs, recheckMs) * 1_000',
      },
    ],
    flaw: 'waiterMissesWakeUp',
    faults: 'clients-cut',
  },
  {
    name: 'answers-become-text',
    what: 'stored answers are read as text',
    changes: [
      {
        file: 'src/idempotency/redis/script-client.ts',
        find: 'return replies;',
        replace: `return replies.map((reply) =>
        Array.isArray(reply)
          ? reply.map((part) => (Buffer.isBuffer(part) ? Buffer.from(part.toString('utf8')) : part))
          : reply,
      );`,
      },
    ],
    faults: 'clients-cut',
  },
  {
    name: 'circuit-never-closes',
    what: 'an open circuit is not probed',
    changes: [
      {
        file: 'src/idempotency/redis/redis-link.ts',
        find: '  async #probe(): Promise<void> {\n',
        replace: '  async #probe(): Promise<void> {\n    if (this.#isCircuitOpen) return;\n',
      },
    ],
    faults: 'redis-killed,redis-frozen',
  },
  {
    name: 'mismatch-believed',
    what: 'a call is refused because Redis says that another request has the key',
    changes: [
      {
        file: 'src/idempotency/claim.ts',
        find: `        return reply.isSettled
          ? await askLedger(`,
        replace: `        if (reply) throw keyReused(record);
        return reply.isSettled
          ? await askLedger(`,
      },
    ],
    flaw: 'redisMismatchTrusted',
    faults: 'redis-failed-over',
  },
];
