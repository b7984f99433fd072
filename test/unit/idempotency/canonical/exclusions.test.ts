import { expect, test } from '@jest/globals';
import { createCanonicalizer } from '../../../../src/idempotency/canonical/canonicalizer.ts';
import { createOrderRequest, groups, kinds, sayRequest } from './message-types.ts';
import { concat, delimited, endGroup, startGroup, text, toHex, varint } from './wire.ts';

const part = delimited(3, text(1, 'name'), text(2, 'trace'));

test.each([
  { path: 'request_time', bytes: concat(text(1, 'a'), delimited(6, varint(1, 1))), left: text(1, 'a') },
  {
    path: 'parts.trace',
    bytes: concat(part, part),
    left: concat(delimited(3, text(1, 'name')), delimited(3, text(1, 'name'))),
  },
  { path: 'parts', bytes: concat(text(1, 'a'), part), left: text(1, 'a') },
  { path: 'second.trace', bytes: delimited(9, text(1, 'name'), text(2, 'trace')), left: delimited(9, text(1, 'name')) },
  { path: 'second', bytes: delimited(9, text(1, 'name')), left: new Uint8Array() },
  { path: 'labels', bytes: concat(text(1, 'a'), delimited(2, text(1, 'k'), text(2, 'v'))), left: text(1, 'a') },
  { path: 'event_time.nanos', bytes: delimited(5, varint(2, 1)), left: delimited(5) },
  { path: 'numbers', bytes: varint(4, 1), left: new Uint8Array() },
])('$path is left out of what is fingerprinted, and of nothing else', ({ path, bytes, left }) => {
  const { message, fingerprinted } = createCanonicalizer(sayRequest, [path]).canonicalize(bytes);
  expect(toHex(fingerprinted)).toBe(toHex(left));
  expect(toHex(message)).toBe(toHex(createCanonicalizer(sayRequest, []).canonicalize(bytes).message));
});

test('several paths are left out together, also when one contains another', () => {
  const paths = ['parts.trace', 'request_time', 'parts.trace', 'second.trace', 'second'];
  const bytes = concat(text(1, 'a'), part, delimited(6), delimited(9, text(2, 'trace')));
  const { fingerprinted } = createCanonicalizer(sayRequest, paths).canonicalize(bytes);
  expect(toHex(fingerprinted)).toBe(toHex(concat(text(1, 'a'), delimited(3, text(1, 'name')))));
});

test('two paths into one message leave out both fields', () => {
  const { fingerprinted } = createCanonicalizer(sayRequest, ['parts.trace', 'parts.name']).canonicalize(part);
  expect(toHex(fingerprinted)).toBe(toHex(delimited(3)));
});

test('a path leaves out no field of another message that has the same number', () => {
  const { fingerprinted } = createCanonicalizer(sayRequest, ['text', 'labels']).canonicalize(
    concat(text(1, 'a'), part),
  );
  expect(toHex(fingerprinted)).toBe(toHex(part));
});

test('a path leaves out nothing below another level of the same type, nor unknown fields', () => {
  const bytes = delimited(14, delimited(14, text(17, 'left out'), varint(99, 1)), text(17, 'kept'));
  const { fingerprinted } = createCanonicalizer(kinds, ['inner.inner.early']).canonicalize(bytes);
  expect(toHex(fingerprinted)).toBe(toHex(delimited(14, delimited(14, varint(99, 1)), text(17, 'kept'))));
});

test('a path leads through groups', () => {
  const group = (number: number, ...parts: readonly Uint8Array[]) =>
    concat(startGroup(number), ...parts, endGroup(number));
  const bytes = concat(group(1, text(1, 'a'), varint(2, 1)), group(2, text(1, 'b'), varint(2, 2)));
  const { fingerprinted } = createCanonicalizer(groups, ['one.size', 'many.name']).canonicalize(bytes);
  expect(toHex(fingerprinted)).toBe(toHex(concat(group(1, text(1, 'a')), group(2, varint(2, 2)))));
});

test('an excluded field is still read strictly', () => {
  const { canonicalize } = createCanonicalizer(sayRequest, ['request_time']);
  expect(() => canonicalize(delimited(6, Uint8Array.of(0)))).toThrow('A field has the number 0, at byte 2.');
});

test('without paths both encodings are the same array; with paths they are two', () => {
  const bytes = text(1, 'a');
  const whole = createCanonicalizer(sayRequest, []).canonicalize(bytes);
  expect(whole.fingerprinted).toBe(whole.message);
  const cut = createCanonicalizer(sayRequest, ['request_time']).canonicalize(bytes);
  expect(cut.fingerprinted).not.toBe(cut.message);
  expect(cut.fingerprinted).toEqual(cut.message);
});

test.each([
  ['', "Excluded path '': orders.v1.CreateOrderRequest has no field named ''."],
  ['notes', "Excluded path 'notes': orders.v1.CreateOrderRequest has no field named 'notes'."],
  ['customerId', "Excluded path 'customerId': orders.v1.CreateOrderRequest has no field named 'customerId'."],
  ['items.note', "Excluded path 'items.note': orders.v1.OrderItem has no field named 'note'."],
  ['items.', "Excluded path 'items.': orders.v1.OrderItem has no field named ''."],
  ['.items', "Excluded path '.items': orders.v1.CreateOrderRequest has no field named ''."],
  ['__proto__', "Excluded path '__proto__': orders.v1.CreateOrderRequest has no field named '__proto__'."],
  [
    'note.x',
    "Excluded path 'note.x' leads through 'note' of orders.v1.CreateOrderRequest, which is not a message; name the whole field instead.",
  ],
  [
    'labels.x',
    "Excluded path 'labels.x' leads through 'labels' of orders.v1.CreateOrderRequest, which is a map; name the whole field instead.",
  ],
  [
    'labels.value',
    "Excluded path 'labels.value' leads through 'labels' of orders.v1.CreateOrderRequest, which is a map; name the whole field instead.",
  ],
])('the path "%s" is refused', (path, message) => {
  expect(() => createCanonicalizer(createOrderRequest, [path])).toThrow(new Error(message));
});

test('a path through a map of messages is refused, and so is the name of a oneof', () => {
  expect(() => createCanonicalizer(sayRequest, ['named_parts.value'])).toThrow('which is a map');
  expect(() => createCanonicalizer(sayRequest, ['choice'])).toThrow("echo.v1.SayRequest has no field named 'choice'");
});

test('32 paths are allowed, 33 are not', () => {
  const paths = Array.from({ length: 32 }, () => 'note');
  expect(() => createCanonicalizer(createOrderRequest, paths)).not.toThrow();
  expect(() => createCanonicalizer(createOrderRequest, [...paths, 'note'])).toThrow(
    'orders.v1.CreateOrderRequest has 33 excluded paths; at most 32 are allowed.',
  );
});
