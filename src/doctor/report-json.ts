import type { Finding } from './examine.ts';
import { worst } from './remark.ts';

/** What was found, for machines. */
export function renderJson(findings: readonly Finding[]): string {
  const checks = findings.map(({ check, level, message, advice, facts }) => ({
    check,
    level,
    message,
    ...(advice !== undefined && { advice }),
    facts,
  }));
  return `${JSON.stringify({ level: worst(findings.map(({ level }) => level)), checks }, null, 2)}\n`;
}
