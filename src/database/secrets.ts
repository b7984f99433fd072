import { hkdfSync } from 'node:crypto';
import type { Database } from './database.ts';
import { ServiceSecretSchema } from './schemas/service-secret-schema.ts';

/** Reads the key that signs page tokens, which the migrations made. */
export async function readPageTokenSecret(database: Database): Promise<Uint8Array> {
  const { secret } = await database.read((entityManager) =>
    entityManager.findOneOrFail(ServiceSecretSchema, { name: 'page_token' }),
  );
  return secret;
}

/**
 * Makes another secret of one (HKDF, RFC 5869), so that what is made with the one says nothing of the other.
 * @returns 32 bytes
 */
export function deriveSecret(secret: Uint8Array, purpose: string): Uint8Array {
  return new Uint8Array(hkdfSync('sha256', secret, '', purpose, 32));
}
