import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { EchoServiceService } from '../../generated/echo/v1/echo_service.ts';
import { toldBy } from '../../integration/idempotency/stage/calls.ts';
import { openStage, type Stage } from '../../integration/idempotency/stage/stage.ts';
import type { EchoService } from '../../support/echo-service.ts';
import { createOrder, orderRequest } from '../../support/order-requests.ts';
import { type ServiceProcess, startServiceProcess } from '../../support/service-process.ts';
import { unaryCall } from '../../support/unary-call.ts';
import type { TwinRow } from '../../unit/idempotency/canonical/twin-row.ts';
import { fieldTwins } from '../../unit/idempotency/canonical/twins-of-fields.ts';
import { mapTwins } from '../../unit/idempotency/canonical/twins-of-maps.ts';
import { unknownFieldTwins } from '../../unit/idempotency/canonical/twins-of-unknown-fields.ts';
import { concat, delimited, hex, text, varint } from '../../unit/idempotency/canonical/wire.ts';

let stage: Stage;
let echo: EchoService;

beforeAll(async () => {
  stage = await openStage();
  echo = await stage.startService();
});

afterAll(() => stage.close());

/** Keys that somebody's alphabet, somebody's numbers or somebody's UTF-16 would sort in another way than their bytes. */
const labels = ['i', 'I', 'z', 'Z', '10', '9', '-9', 'a.b', 'a/b', 'a_b', 'ab', '__proto__', 'constructor'];

/** A process in which nothing that depends on the locale can be trusted: it compares and changes texts the wrong way round. */
const lyingLocale = `--import data:text/javascript,${encodeURIComponent(`
  const { localeCompare } = String.prototype;
  String.prototype.localeCompare = function (other) { return -localeCompare.call(this, other); };
  String.prototype.toLocaleLowerCase = function () { return 'lower'; };
  String.prototype.toLocaleUpperCase = function () { return 'UPPER'; };
  Number.prototype.toLocaleString = function () { return '1.234,5'; };
  Intl.Collator.prototype.resolvedOptions = () => ({ locale: 'und' });
`)}`;

// aws-powertools/powertools-lambda-python#638, antonio-ivanovski/spliit-cloud#68: the same content in another order, or under
// another locale, had another hash.
describe('one content', () => {
  const places: Readonly<Record<string, Readonly<Record<string, string>>>> = {
    'LANG=C': { LANG: 'C', LC_ALL: 'C', TZ: 'UTC' },
    tr_TR: { LANG: 'tr_TR.UTF-8', LC_ALL: 'tr_TR.UTF-8', TZ: 'Asia/Kathmandu' },
    'a locale that is wrong about everything': { LC_ALL: 'sv_SE', NODE_OPTIONS: lyingLocale },
  };
  let processes: readonly (readonly [place: string, process: ServiceProcess])[] = [];

  beforeAll(async () => {
    const stores = { databaseUrl: stage.databaseUrl, redisUrl: stage.redis.url };
    processes = await Promise.all(
      Object.entries(places).map(
        async ([place, settings]) => [place, await startServiceProcess({ ...stores, settings })] as const,
      ),
    );
  });

  afterAll(() => Promise.all(processes.map(([, process]) => process.kill())));

  test('K5 the order of map entries and the locale of a process change no fingerprint: all processes replay one order', async () => {
    const shuffles = [labels, labels.toReversed(), labels.toSorted(), [...labels.slice(5), ...labels.slice(0, 5)]];
    const told: unknown[] = [];
    for (const [, { client }] of processes) {
      for (const names of shuffles) {
        const result = await createOrder(
          client,
          orderRequest({ customerId: 'K5', labels: new Map(names.map((name) => [name, `${name}!`])) }),
        );
        told.push([toldBy(result), result.response?.toString('hex')]);
      }
    }
    const [first] = told;
    expect(first).toEqual([
      { key: expect.stringMatching(/^sha256-/), source: 'derived', status: 'executed' },
      expect.any(String),
    ]);
    const replayed = JSON.parse(JSON.stringify(first).replace('executed', 'replayed'));
    expect(told.slice(1)).toEqual(told.slice(1).map(() => replayed));
  });
});

const entry = (key: string, value: string) => delimited(2, text(1, key), text(2, value));

const shuffledMaps: readonly TwinRow[] = [
  [
    'letters that alphabets disagree about',
    concat(entry('I', '1'), entry('i', '2'), entry('İ', '3'), entry('ı', '4'), entry('ä', '5'), entry('z', '6')),
    concat(entry('z', '6'), entry('ä', '5'), entry('ı', '4'), entry('İ', '3'), entry('i', '2'), entry('I', '1')),
  ],
  [
    'composed and decomposed letters are two keys, in either order',
    concat(entry('\u00e9', '1'), entry('e\u0301', '2')),
    concat(entry('e\u0301', '2'), entry('\u00e9', '1')),
  ],
  [
    'numbers as keys, negative ones too',
    concat(
      delimited(14, varint(1, 10), text(2, 'a')),
      delimited(14, varint(1, 9), text(2, 'b')),
      delimited(14, hex('08ffffffffffffffffff01')),
    ),
    concat(
      delimited(14, hex('08ffffffff0f')),
      delimited(14, varint(1, 9), text(2, 'b')),
      delimited(14, varint(1, 10), text(2, 'a')),
    ),
  ],
];

/** @param title makes the request of each row its own, also where two rows have the same content */
async function sendTwins(title: string, one: Uint8Array, twin: Uint8Array) {
  const send = (bytes: Uint8Array) =>
    unaryCall(echo.client, EchoServiceService.say, { rawBytes: Buffer.from(concat(bytes, text(2_000, title))) });
  return [await send(one), await send(twin)] as const;
}

async function expectOneRequest(title: string, one: Uint8Array, twin: Uint8Array): Promise<void> {
  const [first, second] = await sendTwins(title, one, twin);
  expect(toldBy(first)).toMatchObject({ source: 'derived', status: 'executed' });
  expect(toldBy(second)).toEqual({ ...toldBy(first), status: 'replayed' });
  expect(second.response).toEqual(first.response);
}

test.each(shuffledMaps)('K5 shuffled map entries are one request: %s', expectOneRequest);

// google/keytransparency#1357, protocolbuffers/protobuf#3417: equal messages came in unequal bytes, and were taken for two.
test.each([...fieldTwins, ...mapTwins, ...unknownFieldTwins])(
  'K10 a message that is encoded anew is the same request: %s',
  expectOneRequest,
);

test.each([
  ['+0.0 and -0.0', '39 0000000000000000', '39 0000000000000080'],
  ['two kinds of NaN', '39 000000000000f87f', '39 010000000000f87f'],
])('K10 what the protocol says of %s: two requests', async (title, one, other) => {
  const answers = await sendTwins(title, hex(one), hex(other));
  expect(answers.map((answer) => toldBy(answer).status)).toEqual(['executed', 'executed']);
});
