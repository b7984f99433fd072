import { defineEntity, type InferEntity, p } from '@mikro-orm/core';

/** The ledger: what every spent key was spent on. Its primary key is what makes an effect happen once. */
export const IdempotencyKeySchema = defineEntity({
  name: 'IdempotencyKeyRow',
  tableName: 'idempotency_keys',
  properties: {
    /** SHA-256 of principal, method and key. */
    id: p.uint8array().primary(),
    principal: p.text(),
    method: p.text(),
    key: p.text(),
    fingerprint: p.uint8array(),
    fingerprintVersion: p.smallint(),
    state: p.text().$type<'COMPLETED' | 'FAILED'>(),
    /** The version of the form in which the outcome is stored. */
    storedForm: p.smallint(),
    response: p.uint8array().nullable(),
    statusCode: p.smallint().nullable(),
    statusMessage: p.text().nullable(),
    statusDetails: p.uint8array().nullable(),
    /** The place of the attempt in its trace, as W3C's `traceparent`. */
    traceParent: p.text().nullable(),
    createdAt: p.datetime(3),
    expiresAt: p.datetime(3),
  },
  checks: [
    { name: 'idempotency_keys_id_check', expression: 'octet_length(id) = 32' },
    { name: 'idempotency_keys_fingerprint_check', expression: 'octet_length(fingerprint) = 32' },
    { name: 'idempotency_keys_state_check', expression: `state in ('COMPLETED', 'FAILED')` },
    {
      name: 'idempotency_keys_outcome_check',
      expression:
        `case state when 'COMPLETED' then response is not null and status_code is null and status_message is null and status_details is null ` +
        'else response is null and status_code is not null and status_code >= 1 and status_code <= 16 and status_message is not null and status_details is not null end',
    },
    { name: 'idempotency_keys_trace_parent_check', expression: 'char_length(trace_parent) <= 55' },
    { name: 'idempotency_keys_expires_at_check', expression: 'expires_at > created_at' },
  ],
  indexes: [
    // The clean-up begins with what has expired first.
    { name: 'idempotency_keys_expires_at_index', properties: ['expiresAt'] },
    // A principal's records are listed by the time of their commit.
    { name: 'idempotency_keys_principal_created_at_id_index', properties: ['principal', 'createdAt', 'id'] },
  ],
});

export type IdempotencyKeyRow = InferEntity<typeof IdempotencyKeySchema>;
