import { expect, test } from '@jest/globals';
import { ownProcess, parseProcess, processText } from '../../../src/idempotency/own-process.ts';

test.each([ownProcess(), { host: 'fe80::1', processId: 7 }, { host: '', processId: 4_194_304 }])(
  'a process is read as it was written: %j',
  (process) => {
    expect(parseProcess(processText(process))).toEqual(process);
  },
);

test.each(['', 'host', 'host:', 'host:x', 'host:-1', `${'h'.repeat(254)}:1`, 'host:9999999999', 'a\nb:1'])(
  '%j is no process',
  (text) => {
    expect(parseProcess(text)).toBeUndefined();
  },
);
