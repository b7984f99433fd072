import type { RequestListener } from 'node:http';
import { expect, test } from '@jest/globals';
import { EndpointReader } from '../../../src/top/endpoint-reader.ts';
import { type ReadResult, readEndpoint } from '../../../src/top/read-endpoint.ts';
import { endpointThat } from './served.ts';

const OURS = 'idempotency_keys_total{source="client"} 3\n';
const LIMITS = { timeMs: 10_000, bytesMax: 1_048_576 };

const told = (result: ReadResult) => (result.kind === 'unread' ? [result.problem, result.advice] : 'read');

test('metrics are read, each time on a connection of its own', async () => {
  const connections: (string | undefined)[] = [];
  await using served = await endpointThat((request, response) => {
    connections.push(request.headers.connection);
    response.end(OURS);
  });
  expect(told(await readEndpoint(served.endpoint, LIMITS))).toBe('read');
  expect(told(await readEndpoint(served.endpoint, LIMITS))).toBe('read');
  expect(connections).toEqual(['close', 'close']);
});

test('nothing listens there: METRICS_LISTEN is what to set', async () => {
  const served = await endpointThat(() => {});
  await served[Symbol.asyncDispose]();
  expect(told(await readEndpoint(served.endpoint, LIMITS))).toEqual([
    'nothing listens there',
    `start the service with METRICS_LISTEN=${served.endpoint.listen}`,
  ]);
});

test.each([
  { what: 'a page', body: '<html>', problem: 'no Prometheus text (line 1: <html>)' },
  {
    what: 'half an answer',
    body: `${OURS}idempotency_out{a="b`,
    problem: 'no Prometheus text (line 2: idempotency_out{a="b)',
  },
  { what: 'metrics of another program', body: 'node_load1 0.5\n', problem: 'metrics of something else' },
  { what: 'nothing', body: '', problem: 'metrics of something else' },
  { what: 'too much', body: '#'.repeat(1_048_577), problem: 'it sends more than 1 MiB' },
])('$what is not taken for metrics', async ({ body, problem }) => {
  await using served = await endpointThat((_, response) => void response.end(body));
  expect(told(await readEndpoint(served.endpoint, LIMITS))).toEqual([problem, expect.stringMatching(/^give the/)]);
});

test.each([404, 302, 500])('status %d is told', async (statusCode) => {
  await using served = await endpointThat(
    (_, response) => void response.writeHead(statusCode, { location: '/' }).end(),
  );
  expect(told(await readEndpoint(served.endpoint, LIMITS))).toEqual([
    `it answers with status ${statusCode}`,
    expect.any(String),
  ]);
});

test.each([
  { what: 'never answers', answers: () => {} },
  { what: 'never comes to an end', answers: ((_, response) => void response.write(OURS)) satisfies RequestListener },
])('one that $what is given up', async ({ answers }) => {
  await using served = await endpointThat(answers);
  expect(told(await readEndpoint(served.endpoint, { ...LIMITS, timeMs: 100 }))).toEqual([
    'no whole answer within 0.1 s',
    expect.any(String),
  ]);
});

test('an answer that is longer in coming than the patience is waited for, and not asked for twice', async () => {
  const asked = Promise.withResolvers<() => void>();
  let questions = 0;
  await using served = await endpointThat((_, response) => {
    questions += 1;
    asked.resolve(() => response.end(OURS));
  });
  const reader = new EndpointReader(served.endpoint);
  expect(await reader.next(1)).toBeUndefined();
  const second = reader.next(60_000);
  const answer = await asked.promise;
  answer();
  expect((await second)?.kind).toBe('read');
  expect(questions).toBe(1);
});

test('what is being read can be given up at any time', async () => {
  const enough = new AbortController();
  await using served = await endpointThat(() => enough.abort());
  expect((await readEndpoint(served.endpoint, LIMITS, enough.signal)).kind).toBe('unread');
});
