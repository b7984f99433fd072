import { readFileSync } from 'node:fs';

/** The contract as a FileDescriptorSet, written by `npm run generate`. */
export function readContractFile(): Uint8Array {
  return readFileSync(new URL('./generated/contract.binpb', import.meta.url));
}
