import type { Line, Shape } from './drawing.ts';
import { bottomOf, type Frame, middleXOf, middleYOf, rightOf, rimAt } from './frame.ts';
import { CARD_HEIGHT, cardPlace, placeIn, rowTops, service } from './overview-places.ts';
import { caption } from './page-parts.ts';
import { level, type Point, upright } from './route.ts';
import { storesHeight } from './store-contents.ts';
import { PAGE_WIDTH } from './theme.ts';

/** Who asks whom, along which way, and the words beside it. */
interface Connection {
  readonly from: string;
  readonly to: string;
  readonly along: readonly Point[];
  readonly words?: { readonly texts: readonly string[]; readonly at: Point } | undefined;
}

interface Store {
  readonly name: string;
  readonly frame: Frame;
}

const redis: Store = { name: 'Redis or Valkey', frame: placeIn(0, 1, rowTops.stores, storesHeight) };
const postgresql: Store = { name: 'PostgreSQL', frame: placeIn(2, 3, rowTops.stores, storesHeight) };
const first = middleXOf(cardPlace(0, 'service'));
const second = middleXOf(cardPlace(1, 'service'));
const third = middleXOf(cardPlace(2, 'service'));
const fourth = middleXOf(cardPlace(3, 'service'));
/** Where the words below the stores stand, and ways turn. */
const belowStores = bottomOf(redis.frame) + 30;

export const connections: readonly Connection[] = [
  downFrom('Microservices', first, ['gRPC, with an', 'idempotency-key']),
  downFrom('grpcurl, buf curl', second),
  reversed(downFrom('OTLP collector', third, ['spans'])),
  downFrom('Prometheus', fourth, ['/metrics']),
  { from: 'transport', to: 'idempotency', along: across(cardPlace(0, 'service'), cardPlace(1, 'service')) },
  { from: 'idempotency', to: 'orders', along: across(cardPlace(1, 'service'), cardPlace(2, 'service')) },
  { from: 'orders', to: 'database', along: across(cardPlace(2, 'service'), cardPlace(3, 'service')) },
  { from: 'fulfilment', to: 'Systems outside', along: across(cardPlace(2, 'workers'), cardPlace(3, 'workers')) },
  downTo('idempotency', redis, second, ['one script before the answer,', 'one behind it']),
  downTo('database', postgresql, fourth, ['one statement,', 'one commit']),
  upTo('Event consumers', redis, first, ['read the stream']),
  upTo('event relay', redis, second - 40, ['publishes'], -29),
  relayToEvents(),
  upTo('fulfilment', postgresql, third + 20, ['takes jobs, notes steps']),
];

/** A call to the service as a whole. */
function downFrom(from: string, x: number, texts: readonly string[] = []): Connection {
  const top = rowTops.outside + CARD_HEIGHT;
  const at = [x + 10, (top + service.y) / 2 - texts.length * 8.5] as const;
  return { from, to: 'Order service', along: upright(x, top, service.y), words: { texts, at } };
}

function reversed({ from, to, along, words }: Connection): Connection {
  return { from: to, to: from, along: along.toReversed(), words };
}

function across(left: Frame, right: Frame): readonly Point[] {
  return level(middleYOf(left), rightOf(left), right.x);
}

function downTo(from: string, { name, frame }: Store, x: number, texts: readonly string[]): Connection {
  const top = rowTops.service + CARD_HEIGHT;
  return {
    from,
    to: name,
    along: upright(x, top, frame.y + rimAt(frame, x)),
    words: { texts, at: [x + 10, top + 26] },
  };
}

function upTo(from: string, { name, frame }: Store, x: number, texts: readonly string[], lower = 0): Connection {
  const along = upright(x, rowTops.workers, bottomOf(frame) - rimAt(frame, x));
  return { from, to: name, along, words: { texts, at: [x + 10, belowStores + 5 + lower] } };
}

function relayToEvents(): Connection {
  const { name, frame } = postgresql;
  const [left, right] = [second + 40, third - 50];
  const along: readonly Point[] = [
    [left, rowTops.workers],
    [left, belowStores],
    [right, belowStores],
    [right, bottomOf(frame) - rimAt(frame, right)],
  ];
  return { from: 'event relay', to: name, along, words: { texts: ['reads events'], at: [left + 10, belowStores + 5] } };
}

export function lineOf({ from, to, along }: Connection): Line {
  return { from, to, along };
}

export function wordsOf({ from, to, words }: Connection): readonly Shape[] {
  if (words === undefined || words.texts.length === 0) {
    return [];
  }
  const { texts, at } = words;
  const [x, y] = at;
  return [
    caption(`${from} to ${to}`, { x, y, width: Math.min(170, PAGE_WIDTH - x), height: texts.length * 17 }, texts),
  ];
}
