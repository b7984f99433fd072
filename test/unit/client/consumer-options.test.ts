import { afterEach, expect, jest, test } from '@jest/globals';
import { settled } from '../../../src/client/consumer-options.ts';
import { OrderEventConsumer, type OrderEventConsumerOptions } from '../../../src/client/index.ts';

const options = { url: 'redis://127.0.0.1:1', group: 'mail', consumer: 'mail-0', handle: () => {} };

afterEach(() => void jest.restoreAllMocks());

test('nobody listens: the process is warned of a gap in words that say what to do, and of trouble', () => {
  const warning = jest.spyOn(process, 'emitWarning').mockImplementation(() => {});
  const { onGap, onError } = settled(options);
  onGap({ after: 3n, before: 8n });
  onError(new Error('gone'), { kind: 'redis' });
  expect(warning.mock.calls.map(([message]) => message)).toEqual([
    expect.stringMatching(/^orders\.events: .* between 3 and 8 .* npm run events -- rebuild --after 3$/),
    expect.stringMatching(/mail.*gone/),
  ]);
});

const refused: Partial<OrderEventConsumerOptions>[] = [
  { blockMs: 0 },
  { batch: -1 },
  { reclaimAfterMs: 0.5 },
  { attemptsMax: Number.NaN },
  { rememberMax: Number.POSITIVE_INFINITY },
];

test.each(refused)('P10 the limit %o is refused at once', (limit) => {
  expect(() => new OrderEventConsumer({ ...options, ...limit })).toThrow(RangeError);
});
