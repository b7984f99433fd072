import { expect, test } from '@jest/globals';
import { eventTypes } from '../../../src/orders/cloud-event.ts';
import { orderStates } from '../../../src/orders/order.ts';
import { FIRST_STATE, isFinal, transitions } from '../../../src/orders/transitions.ts';
import { namesIn, readPage, tableIn } from './document-tables.ts';

const page = readPage('order-life.md');

test('the page has the transitions of an order as the code has them, in the same words', () => {
  expect(tableIn(page, 'States ⚙')).toEqual(transitions.map(({ from, to, by, means }) => [from, to, by, means]));
});

test('the picture of the page has these transitions, begins with the first state and ends with the final ones', () => {
  const [, picture = ''] = /^```mermaid\nstateDiagram-v2\n(.*?)\n```$/ms.exec(page) ?? [];
  expect(picture.split('\n').map((line) => line.trim())).toEqual([
    `[*] --> ${FIRST_STATE}`,
    ...transitions.map(({ from, to }) => `${from} --> ${to}`),
    ...orderStates.filter(isFinal).map((state) => `${state} --> [*]`),
  ]);
});

test('the page names the states that are final', () => {
  const [, named = ''] = /^(.*) are final\./m.exec(page) ?? [];
  expect(named.match(/[A-Z]{2,}/g)).toEqual(orderStates.filter(isFinal));
});

test('the page has every type of event', () => {
  const table = page.split('| type | the order |')[1]?.split('\n\n')[0] ?? '';
  expect(namesIn(table)).toEqual(Object.values(eventTypes));
});
