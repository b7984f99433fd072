import type { Database } from './database.ts';
import { ServiceSecretSchema } from './schemas/service-secret-schema.ts';

/** Reads the key that signs page tokens, which the migrations made. */
export async function readPageTokenSecret(database: Database): Promise<Uint8Array> {
  const { secret } = await database.read((entityManager) =>
    entityManager.findOneOrFail(ServiceSecretSchema, { name: 'page_token' }),
  );
  return secret;
}
