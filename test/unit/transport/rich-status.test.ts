import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { DETAILS_BYTES_MAX } from '../../../src/idempotency/index.ts';
import type { Fault } from '../../../src/transport/fault.ts';
import { richStatus } from '../../../src/transport/rich-status.ts';
import { isReason, statusTable } from '../../../src/transport/status-table.ts';
import { detailsBytesIn, detailsIn } from './details.ts';

const reasons = Object.keys(statusTable).filter(isReason);
const emoji = '😀';

function faultOf(changes: Partial<Fault> = {}): Fault {
  return { reason: 'INVALID_REQUEST', message: 'It is wrong.', ...changes };
}

describe.each(reasons)('the reason %s', (reason) => {
  const { code, domain } = statusTable[reason];

  test('is a status with ErrorInfo: domain, reason and facts', () => {
    const status = richStatus(faultOf({ reason, facts: { key: 'k-1' } }));
    expect(status).toMatchObject({ code, details: 'It is wrong.' });
    const details = detailsIn(status.metadata);
    expect(details).toMatchObject({
      code,
      message: 'It is wrong.',
      types: ['type.googleapis.com/google.rpc.ErrorInfo'],
    });
    expect(details.errorInfo).toEqual({ reason, domain, metadata: new Map([['key', 'k-1']]) });
  });

  test('belongs to one of our domains and has a form that ErrorInfo demands', () => {
    expect(['orders.v1', 'idempotency.v1']).toContain(domain);
    expect(reason).toMatch(/^[A-Z][A-Z0-9_]{0,61}[A-Z0-9]$/);
    expect(code).toBeGreaterThan(0);
  });
});

describe('a delay', () => {
  test.each([
    [0, 0n, 0],
    [1, 0n, 1_000_000],
    [999, 0n, 999_000_000],
    [1_000, 1n, 0],
    [30_250, 30n, 250_000_000],
  ])('of %d ms is told by RetryInfo and by pushback', (retryAfterMs, seconds, nanos) => {
    const { metadata } = richStatus(faultOf({ retryAfterMs }));
    expect(detailsIn(metadata).retryInfo).toEqual({ retryDelay: { seconds, nanos } });
    expect(metadata.get('grpc-retry-pushback-ms')).toEqual([String(retryAfterMs)]);
  });

  test('is the same in both where it is no whole number of milliseconds', () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 1e6, noNaN: true }), (retryAfterMs) => {
        const { metadata } = richStatus(faultOf({ retryAfterMs }));
        const { seconds = 0n, nanos = 0 } = detailsIn(metadata).retryInfo?.retryDelay ?? {};
        expect(metadata.get('grpc-retry-pushback-ms')).toEqual([String(Number(seconds) * 1_000 + nanos / 1e6)]);
      }),
    );
  });

  test('is not told where a retry cures nothing', () => {
    const { metadata } = richStatus(faultOf());
    expect(detailsIn(metadata).retryInfo).toBeUndefined();
    expect(metadata.get('grpc-retry-pushback-ms')).toEqual([]);
  });
});

test('what was asked for and is not there is told by ResourceInfo', () => {
  const fault = faultOf({ reason: 'ORDER_NOT_FOUND', resource: { type: 'orders.v1.Order', name: 'id' } });
  expect(detailsIn(richStatus(fault).metadata).resourceInfo).toMatchObject({
    resourceType: 'orders.v1.Order',
    resourceName: 'id',
  });
});

describe('a message', () => {
  test.each([
    ['that is cut inside an emoji loses the whole emoji', `${'a'.repeat(510)}${emoji.repeat(3)}`],
    ['of emoji only is cut between them', emoji.repeat(600)],
    ['with half of a surrogate pair becomes well-formed', 'a\ud83d'],
    ['with the other half first becomes well-formed', '\ude00a'],
    ['with a line break keeps it', 'a\nb'],
    ['with a blank at its end keeps it', 'a '],
    ['with a percent sign keeps it', '100 %41'],
  ])('%s', (_name, message) => {
    const { details } = richStatus(faultOf({ message }));
    expect(details.isWellFormed()).toBe(true);
    expect([...details].length).toBeLessThanOrEqual(512);
    expect(() => encodeURI(details)).not.toThrow();
    expect(detailsIn(richStatus(faultOf({ message })).metadata).message).toBe(details);
  });

  test('that fits is not changed', () => {
    const message = `${'a'.repeat(511)}\n`;
    expect(richStatus(faultOf({ message })).details).toBe(message);
  });
});

const violation = fc.record({
  field: fc.string({ unit: 'binary', maxLength: 400 }),
  description: fc.string({ unit: 'binary', maxLength: 400 }),
});
const anyFault = fc.record({
  reason: fc.constantFrom(...reasons),
  message: fc.string({ unit: 'binary', maxLength: 600 }),
  facts: fc.dictionary(fc.stringMatching(/^[a-z][A-Za-z]{0,20}$/), fc.string({ unit: 'binary', maxLength: 300 }), {
    maxKeys: 4,
  }),
  retryAfterMs: fc.option(fc.nat(), { nil: undefined }),
  violations: fc.array(violation, { maxLength: 150 }),
  resource: fc.option(
    fc.record({ type: fc.constant('orders.v1.Order'), name: fc.string({ unit: 'binary', maxLength: 300 }) }),
    { nil: undefined },
  ),
});

test('no fault, whatever is in it, gives more than 4,096 bytes of details', () => {
  fc.assert(
    fc.property(anyFault, (fault) => {
      const { metadata } = richStatus(fault);
      expect(detailsBytesIn(metadata).length).toBeLessThanOrEqual(DETAILS_BYTES_MAX);
      expect(detailsIn(metadata).errorInfo?.reason).toBe(fault.reason);
    }),
  );
});

test('the longest message with the longest facts gives no more than 4,096 bytes of details either', () => {
  const long = emoji.repeat(600);
  const facts = { one: long, two: long, three: long };
  const { metadata } = richStatus(faultOf({ message: long, facts, resource: { type: 'orders.v1.Order', name: long } }));
  expect(detailsBytesIn(metadata).length).toBeLessThanOrEqual(DETAILS_BYTES_MAX);
});
