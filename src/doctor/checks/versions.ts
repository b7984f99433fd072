import { serviceVersion } from '../../config/service-version.ts';
import { fault, ok, type Remark } from '../remark.ts';

/** MikroORM 7 and graphile-worker refuse to run on less than 22; `crypto.randomUUIDv7` came with 24.21. */
const NODE_MIN: readonly [number, number] = [24, 21];

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
