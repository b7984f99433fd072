import { expect, test } from '@jest/globals';
import type { Finding } from '../../../src/doctor/examine.ts';
import { fault, ok, warning } from '../../../src/doctor/remark.ts';
import { renderReport } from '../../../src/doctor/report.ts';
import { renderJson } from '../../../src/doctor/report-json.ts';

const findings: readonly Finding[] = [
  { check: 'versions', ...ok('order-service 1.2.3 on Node 26') },
  {
    check: 'dead-letters',
    ...warning('1 order set aside:', 'mend it', { count: 1 }),
    lines: ['an order', '  its error'],
  },
  {
    check: 'durability',
    ...fault('fsync, full_page_writes, synchronous_commit off: orders can be lost (P7)', 'turn on'),
  },
];
const options = { findings, subject: ['PostgreSQL  here'], widthColumns: 80, inColour: false };

test('the report is aligned, wrapped at the width, has advice below, and ends with a count', () => {
  expect(renderReport(options)).toBe(`PostgreSQL  here

ok       versions       order-service 1.2.3 on Node 26
warning  dead-letters   1 order set aside:
         an order
           its error
                        -> mend it
FAULT    durability     fsync, full_page_writes, synchronous_commit off: orders
                        can be lost (P7)
                        -> turn on

1 fault, 1 warning; the rest is well.
`);
});

test('levels are coloured on a terminal, and nothing else changes', () => {
  const coloured = renderReport({ ...options, inColour: true });
  expect(coloured).toContain('\u001b[31mFAULT    \u001b[0mdurability');
  const plain = coloured.split('\u001b').map((piece, index) => (index === 0 ? piece : piece.replace(/^\[\d+m/, '')));
  expect(plain.join('')).toBe(renderReport(options));
});

test('JSON has the worst level and every check, without what is only for people', () => {
  expect(JSON.parse(renderJson(findings))).toEqual({
    level: 'fault',
    checks: [
      { check: 'versions', level: 'ok', message: 'order-service 1.2.3 on Node 26', facts: {} },
      {
        check: 'dead-letters',
        level: 'warning',
        message: '1 order set aside:',
        advice: 'mend it',
        facts: { count: 1 },
      },
      expect.objectContaining({ check: 'durability', level: 'fault', advice: 'turn on' }),
    ],
  });
  expect(JSON.parse(renderJson([]))).toEqual({ level: 'ok', checks: [] });
});
