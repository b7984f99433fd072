import { STORED_FORM } from '../../../../src/idempotency/index.ts';
import type { ScriptName } from '../../../../src/idempotency/redis/scripts.ts';

/** The fields of a record's hash. Bytes are written as latin1, so that a row shows them and a difference can be read. */
export type Fields = Readonly<Record<string, string>>;

/** One transition: what is there, what the script is told, what it replies, and what is there afterwards. */
export interface ScriptRow {
  readonly script: ScriptName;
  readonly title: string;
  /** What is there: nothing, a value of another type, or a record, by the Redis clock. */
  readonly before?: 'string' | ((nowMs: number) => Fields);
  /** Arguments other than the usual ones, by the names of the header. */
  readonly args?: Fields;
  /** The outcome, and what follows it. */
  readonly reply: readonly unknown[];
  /** What the store makes of the reply. */
  readonly decoded: unknown;
  /** The record without its stamps; `ending`: whatever it is, it ends soon. */
  readonly after: 'untouched' | 'absent' | 'ending' | Fields;
  /** The stamps, as distances from the Redis clock. */
  readonly stampsMs?: Readonly<Record<string, number>>;
  /** The key's own time to live. */
  readonly ttlMs?: readonly [least: number, most: number];
}

export const ID = 'a1'.repeat(32);
export const FINGERPRINT = 'f0'.repeat(32);
export const OTHER_FINGERPRINT = '0f'.repeat(32);
export const BINARY = '\x00\xff\xfe\n';
export const CHANNEL = 'test:wake';

export const usualArguments: Fields = {
  id: ID,
  fingerprint: FINGERPRINT,
  'fingerprint version': '1',
  owner: 'me',
  lease: '5000',
  'time to live': '60000',
  'stored form': String(STORED_FORM),
  channel: CHANNEL,
  kept: 'here',
  response: BINARY,
  code: '5',
  text: 'gone',
  details: BINARY,
  process: 'here:1',
  trace: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
};

/** What every record says of its request. */
export const request: Fields = { fingerprint: FINGERPRINT, fingerprint_version: '1' };

export interface PendingFields {
  readonly owner?: string;
  readonly leaseLeftMs?: number;
  readonly timeLeftMs?: number;
  /** Further fields, or others. */
  readonly fields?: Fields;
}

/** A claim of `them`, good for another 3 s, of a record that is kept for another 30 s, unless told otherwise. */
export function pending({ owner = 'them', leaseLeftMs = 3_000, timeLeftMs = 30_000, fields = {} }: PendingFields = {}) {
  return (nowMs: number): Fields => ({
    state: 'PENDING',
    ...request,
    owner,
    lease_ends_ms: String(nowMs + leaseLeftMs),
    expires_ms: String(nowMs + timeLeftMs),
    process: 'there:2',
    // The first attempt began a minute before the present one.
    first_ms: String(nowMs - 61_000),
    claimed_ms: String(nowMs - 1_000),
    attempts: '2',
    ...fields,
  });
}

export const completedFields: Fields = {
  state: 'COMPLETED',
  ...request,
  form: String(STORED_FORM),
  kept: 'here',
  response: BINARY,
  trace: usualArguments['trace'] ?? '',
};

/** What a record says of its attempts where nothing is known of them. */
export const unknownAttempts: Fields = { first_ms: '', attempts: '' };

/** A claim that an older version of the service has made: it says nothing for those who look. */
export function pendingOfOlderVersion(fields: PendingFields = {}) {
  return ['process', 'first_ms', 'claimed_ms', 'attempts'].reduce<(nowMs: number) => Fields>(without, pending(fields));
}

export const failedFields: Fields = {
  state: 'FAILED',
  ...request,
  form: String(STORED_FORM),
  kept: 'here',
  code: '5',
  text: 'gone',
  details: BINARY,
  trace: usualArguments['trace'] ?? '',
};

/** A record with these fields over those of another. */
export function settled(base: Fields, fields: Fields = {}) {
  return (): Fields => ({ ...base, ...fields });
}

/** A record without one of its fields. */
export function without(state: (nowMs: number) => Fields, name: string) {
  return (nowMs: number): Fields =>
    Object.fromEntries(Object.entries(state(nowMs)).filter(([field]) => field !== name));
}
