import { expect, test } from '@jest/globals';
import { orderRequest } from '../../support/order-requests.ts';
import { violationsOf } from './violations.ts';

const keyRule = 'A key has 1 to 63 letters, digits, `-`, `_`, `.` and `/`.';

function withLabels(entries: readonly (readonly [string, string])[]) {
  return violationsOf(orderRequest({ labels: new Map(entries) }));
}

test.each(['a', 'k'.repeat(63), 'team.example/cost-center_7', '__proto__', 'constructor', '10'])(
  'a label may have the key "%s"',
  (key) => {
    expect(withLabels([[key, 'value']])).toEqual([]);
  },
);

test.each([
  ['no character', '', 'labels[""]'],
  ['64 characters', 'k'.repeat(64), `labels["${'k'.repeat(64)}"]`],
  ['a blank', 'a b', 'labels["a b"]'],
  ['a quote', '"', 'labels["\\""]'],
  ['a line break behind', 'a\n', 'labels["a\\n"]'],
  ['a letter beyond ASCII', 'größe', 'labels["größe"]'],
  ['the name of a field', 'unitPrice!', 'labels["unitPrice!"]'],
  ['more characters than a message repeats', '!'.repeat(300), `labels["${'!'.repeat(64)}"]`],
])('a label may not have a key of %s', (_name, key, field) => {
  expect(withLabels([[key, 'value']])).toEqual([{ field, description: keyRule }]);
});

test.each([
  ['nothing', ''],
  ['255 characters', 'v'.repeat(255)],
  ['255 emoji', '😀'.repeat(255)],
])('a label may have %s as its value', (_name, value) => {
  expect(withLabels([['key', value]])).toEqual([]);
});

test.each([
  ['256 characters', 'v'.repeat(256), 'It has 256 characters; at most 255 are allowed.'],
  ['a tab', 'a\tb', 'It has a control character; none are allowed.'],
  ['a line break', 'a\nb', 'It has a control character; none are allowed.'],
  ['a NUL', '\0', 'It has a control character; none are allowed.'],
])('a label may not have %s as its value', (_name, value, description) => {
  expect(withLabels([['key', value]])).toEqual([{ field: 'labels["key"]', description }]);
});

test('an order may have 32 labels and not 33', () => {
  const labels = (count: number) => Array.from({ length: count }, (_, index) => [`key-${index}`, ''] as const);
  expect(withLabels(labels(32))).toEqual([]);
  expect(withLabels(labels(33))).toEqual([{ field: 'labels', description: 'At most 32 are allowed.' }]);
});

test('too many labels are one fault and are not looked at: a large request may hold ten thousands', () => {
  const labels = Array.from({ length: 1_000 }, (_, index) => [`bad key ${index}`, '\0'] as const);
  const violations = withLabels(labels);
  expect(violations).toHaveLength(1);
  expect(violations).toEqual([{ field: 'labels', description: 'At most 32 are allowed.' }]);
});

test('the key and the value of one label may both be wrong', () => {
  expect(withLabels([['a b', '\0']])).toEqual([
    { field: 'labels["a b"]', description: keyRule },
    { field: 'labels["a b"]', description: 'It has a control character; none are allowed.' },
  ]);
});
