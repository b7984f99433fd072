import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { fault, ok, type Remark } from '../remark.ts';

const packageRule = z.object({ version: z.string() });

/** MikroORM 7 and graphile-worker refuse to run on less than 22; `crypto.randomUUIDv7` came with 24.21. */
const NODE_MIN: readonly [number, number] = [24, 21];

/** The service's own version. */
export function serviceVersion(): string {
  return packageRule.parse(JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8'))).version;
}

/** Whether this program runs on a Node that it can run on. */
export async function checkVersions(nodeVersion: string): Promise<Remark> {
  const [major = 0, minor = 0] = nodeVersion.split('.').map(Number);
  const facts = { service: serviceVersion(), node: nodeVersion };
  const text = `order-service ${facts.service} on Node ${nodeVersion}`;
  return major > NODE_MIN[0] || (major === NODE_MIN[0] && minor >= NODE_MIN[1])
    ? ok(text, facts)
    : fault(
        `${text}, which is too old`,
        `run it on Node ${NODE_MIN.join('.')} or later: npm run uses the right one`,
        facts,
      );
}
