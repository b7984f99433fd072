import { readFileSync } from 'node:fs';
import { z } from 'zod';

const packageRule = z.object({ version: z.string() });

/** The service's own version. */
export function serviceVersion(): string {
  return packageRule.parse(JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'))).version;
}
