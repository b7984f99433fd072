import { describe, expect, test } from '@jest/globals';
import { decodeBegin, decodeClaim, ReplyError } from '../../../src/idempotency/redis/decode-reply.ts';

// S4: replies have been known to reach the wrong command. What each script really replies is held against its contract
// elsewhere, with a real Redis; here is what none of them replies.

const ID = 'a'.repeat(64);
const b = (text: string) => Buffer.from(text);

describe.each([
  ['begin', decodeBegin],
  ['a script of owners', decodeClaim],
])('as the reply of %s', (_script, decode) => {
  test.each([
    ['a reply about another record', [b('b'.repeat(64)), b('DONE')]],
    ['a reply without a record', [b('DONE')]],
    ['an empty list', []],
    ['text', 'OK'],
    ['null', null],
    ['a number', 1],
    ['an outcome that is not its own', [b(ID), b('PONG')]],
    ['no outcome', [b(ID)]],
    ['an outcome that lost its bytes on the way', [ID, 'DONE']],
  ])('%s is no answer', (_what, reply) => {
    expect(() => decode(reply, ID)).toThrow(ReplyError);
  });
});

test.each([
  ['COMPLETED without an answer', [b('COMPLETED')]],
  ['COMPLETED without a place for its trace', [b('COMPLETED'), b('answer')]],
  ['COMPLETED with text', [b('COMPLETED'), 'text']],
  ['FAILED without details', [b('FAILED'), b('5'), b('gone')]],
  ['FAILED without a place for its trace', [b('FAILED'), b('5'), b('gone'), b('')]],
  ['IN_PROGRESS without the time that is left', [b('IN_PROGRESS'), b('them:1')]],
  ['ACQUIRED without a mode', [b('ACQUIRED')]],
  ['DONE, which is not for begin', [b('DONE')]],
])('%s is no answer of begin', (_what, parts) => {
  expect(() => decodeBegin([b(ID), ...parts], ID)).toThrow(ReplyError);
});

test.each(['five', '', '0', '17', '99', '-5', '5.0', '05'])(
  'FAILED with the code %j was not stored by us: the ledger is asked, and the connection is not mistrusted',
  (code) => {
    const reply = [b(ID), b('FAILED'), b(code), b('gone'), b('')];
    expect(decodeBegin(reply, ID)).toEqual({ kind: 'askLedger' });
  },
);

test.each([1, 5, 9, 16])('FAILED with the code %i is the outcome', (code) => {
  const reply = [b(ID), b('FAILED'), b(String(code)), b('gone'), b('details'), b('')];
  const outcome = { kind: 'failed', code, message: 'gone', details: b('details') };
  expect(decodeBegin(reply, ID)).toEqual({ kind: 'settled', outcome });
});
