import { defineEntity, type InferEntity, p } from '@mikro-orm/core';

/** Secrets that all processes of the service share and no configuration has to name. */
export const ServiceSecretSchema = defineEntity({
  name: 'ServiceSecretRow',
  tableName: 'service_secrets',
  properties: {
    name: p.text().primary(),
    secret: p.uint8array(),
  },
  checks: [{ name: 'service_secrets_secret_check', expression: 'octet_length(secret) >= 32' }],
});

export type ServiceSecretRow = InferEntity<typeof ServiceSecretSchema>;
