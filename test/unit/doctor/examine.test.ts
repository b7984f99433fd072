import { expect, test } from '@jest/globals';
import { examine } from '../../../src/doctor/examine.ts';
import { ok } from '../../../src/doctor/remark.ts';
import { RefusedError, UnreachableError } from '../../../src/doctor/trouble.ts';

test('a check that hangs ends at the limit, and holds up none of the others', async () => {
  const hangs = { name: 'hangs', look: () => new Promise<never>(() => {}) };
  const findings = await examine([hangs, { name: 'well', look: async () => ok('all well', { count: 1 }) }], 20);
  expect(findings).toEqual([
    expect.objectContaining({ check: 'hangs', level: 'fault', message: 'gave no answer within 20 ms' }),
    { check: 'well', level: 'ok', message: 'all well', facts: { count: 1 } },
  ]);
});

const answered = (code: string, message: string) => Object.assign(new Error(message), { code, severity: 'ERROR' });

test.each([
  [new UnreachableError('Redis', new Error('gone')), 'warning', 'not looked at: no way to Redis'],
  [answered('42P01', 'relation "workers" does not exist'), 'warning', 'not looked at: the tables are not there'],
  [answered('42501', 'permission denied'), 'warning', 'not looked at: permission denied'],
  [answered('57014', 'canceling statement'), 'fault', 'PostgreSQL needed too long to say'],
  [new RefusedError('NOPERM no'), 'warning', 'not looked at: NOPERM no'],
  [new RefusedError('ERR odd'), 'fault', 'could not be looked at: ERR odd'],
  ['thrown', 'fault', 'could not be looked at: thrown'],
])('a check that throws %p is told at level %s', async (error, level, message) => {
  expect(await examine([{ name: 'throws', look: () => Promise.reject(error) }])).toMatchObject([{ level, message }]);
});
