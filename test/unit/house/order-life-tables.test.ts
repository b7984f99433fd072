import { expect, test } from '@jest/globals';
import { eventTypes } from '../../../src/orders/cloud-event.ts';
import { orderStates } from '../../../src/orders/order.ts';
import { isFinal, transitions } from '../../../src/orders/transitions.ts';
import { namesIn, readPage, tableIn } from './document-tables.ts';

const page = readPage('order-life.md');

test('the page has the transitions of an order as the code has them, in the same words', () => {
  expect(tableIn(page, 'States ⚙')).toEqual(transitions.map(({ from, to, by, means }) => [from, to, by, means]));
});

test('the page names the states that are final', () => {
  const [, named = ''] = /^(.*) are final\./m.exec(page) ?? [];
  expect(named.match(/[A-Z]{2,}/g)).toEqual(orderStates.filter(isFinal));
});

test('the page has every type of event', () => {
  const table = page.split('| type | the order |')[1]?.split('\n\n')[0] ?? '';
  expect(namesIn(table)).toEqual(Object.values(eventTypes));
});
