import type { Drawing, Shape } from './drawing.ts';
import type { Frame } from './frame.ts';
import { cell, table } from './label.ts';
import { connections, lineOf, wordsOf } from './overview-connections.ts';
import {
  CARD_HEIGHT,
  type CardRow,
  type Column,
  cardPlace,
  placeIn,
  rowTops,
  service,
  workers,
} from './overview-places.ts';
import { noteCard, pageTitle } from './page-parts.ts';
import { postgresql, redis, storeShapes, storesHeight } from './store-contents.ts';
import { type Hue, hues, paleInk, textSizes } from './theme.ts';

const { client, transport, idempotency, orders, database, fulfilment, events, telemetry } = hues;

/** Who there is outside, which rooms the service has, and who works behind it. */
const cards: readonly Shape[] = [
  card(0, 'outside', client, 'Microservices', ['generated stubs,', 'in any language']),
  card(1, 'outside', client, 'grpcurl, buf curl', ['by hand, with', 'server reflection']),
  card(2, 'outside', telemetry, 'OTLP collector', ['traces, step by step']),
  card(3, 'outside', telemetry, 'Prometheus', ['metrics, alerts']),
  card(0, 'service', transport, 'transport', ['gRPC, limits, health,', 'reflection, drain']),
  card(1, 'service', idempotency, 'idempotency', ['key, fingerprint, claim,', 'wait, replay']),
  card(2, 'service', orders, 'orders', ['rules and use cases,', 'without any driver']),
  card(3, 'service', database, 'database', ['orders of a moment', 'in one statement']),
  card(0, 'workers', client, 'Event consumers', ['see each change once,', 'by its id']),
  card(1, 'workers', events, 'event relay', ['numbers what was', 'committed, and tells it']),
  card(2, 'workers', fulfilment, 'fulfilment', ['takes an order step by', 'step to its end']),
  card(3, 'workers', client, 'Systems outside', ['payment, stock: with', 'a key for each step']),
];

/** The service among its neighbours. */
export function drawMicroservicesOverview(): Drawing {
  return {
    height: rowTops.workers + CARD_HEIGHT + 60,
    shapes: [
      pageTitle(
        'The order service and its neighbours',
        'An arrow leads from the one who asks to the one who is asked.',
      ),
      ...group('Order service', 'any number of processes', service, service.y + 9),
      ...group('Workers', 'within the service, or alone', workers, workers.y + workers.height - 33),
      ...storeShapes(redis, placeIn(0, 1, rowTops.stores, storesHeight)),
      ...storeShapes(postgresql, placeIn(2, 3, rowTops.stores, storesHeight)),
      ...cards,
      ...connections.flatMap(wordsOf),
    ],
    lines: connections.map(lineOf),
  };
}

function card(column: Column, row: CardRow, hue: Hue, title: string, texts: readonly string[]): Shape {
  return noteCard({ name: title, frame: cardPlace(column, row), hue, title, texts });
}

function group(title: string, text: string, frame: Frame, y: number): readonly Shape[] {
  const heading: Frame = { x: frame.x + 16, y, width: frame.width - 32, height: 24 };
  const name = { text: title, size: textSizes.heading, isBold: true };
  const remark = { text: `   ${text}`, colour: paleInk };
  return [
    { name: title, frame, kind: 'card', fill: hues.ground.tint, border: hues.ground.ink },
    {
      name: `${title}: title`,
      frame: heading,
      kind: 'text',
      label: table([[cell([name, remark], 'left', heading.width)]]),
    },
  ];
}
