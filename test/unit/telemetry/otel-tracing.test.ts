import { expect, test } from '@jest/globals';
import { AlwaysOnSampler, InMemorySpanExporter, type Sampler, SimpleSpanProcessor } from '@opentelemetry/sdk-trace';
import { createOtelTracing } from '../../../src/telemetry/otel-tracing.ts';
import { createSampler, type SamplerName } from '../../../src/telemetry/otlp-traces.ts';

const METHOD = '/orders.v1.OrderService/CreateOrder';
const NO_HEADERS = { traceparent: undefined, tracestate: undefined };
const headersOf = (flags: string) => ({
  traceparent: `00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-${flags}`,
  tracestate: undefined,
});

function stage(sampler: Sampler = new AlwaysOnSampler()) {
  const exporter = new InMemorySpanExporter();
  const tracing = createOtelTracing({ sampler, processor: new SimpleSpanProcessor({ exporter }), version: '1.2.3' });
  return { tracing, spans: () => exporter.getFinishedSpans() };
}

test('what a step gives or throws is passed on; an error shows its kind, and not what it says', async () => {
  const { tracing, spans } = stage();
  const call = tracing.startCall(METHOD, NO_HEADERS);
  expect(await call?.step('commit', async () => 7)).toBe(7);
  const failing = call?.step('ledger', () => Promise.reject(new TypeError('of a customer')));
  await expect(failing).rejects.toThrow('of a customer');
  const seen = spans().map(({ name, status, attributes }) => [name, status.code, attributes['error.type']]);
  expect(seen).toEqual([
    ['orders.commit', 0, undefined],
    ['idempotency.ledger', 2, 'TypeError'],
  ]);
  expect(JSON.stringify(spans().map(({ attributes, events, status }) => [attributes, events, status]))).not.toContain(
    'customer',
  );
});

test.each([
  ['OK', 0],
  ['NOT_FOUND', 0],
  ['INVALID_ARGUMENT', 0],
  ['UNAVAILABLE', 2],
  ['INTERNAL', 2],
])('a call that ends with %s has the status %i', (status, code) => {
  const { tracing, spans } = stage();
  tracing.startCall(METHOD, NO_HEADERS)?.end(status);
  expect(spans()).toMatchObject([
    { name: METHOD.slice(1), status: { code }, attributes: { 'rpc.response.status_code': status } },
  ]);
});

test('what a step leaves behind goes on from its place: a job, in another process, is its child', async () => {
  const [here, there] = [stage(), stage()];
  const call = here.tracing.startCall(METHOD, headersOf('01'));
  let traceParent = '';
  await call?.step('commit', async (place) => {
    traceParent = place;
  });
  await there.tracing.job({ orderId: 'o', traceParent }, async (job) => {
    await job?.step('charge', async () => {});
  });
  const [commit] = here.spans();
  const [step, job] = there.spans();
  expect(commit?.parentSpanContext?.spanId).toBe(call?.traceParent.split('-')[2]);
  expect(job?.parentSpanContext?.spanId).toBe(commit?.spanContext().spanId);
  expect(step?.parentSpanContext?.spanId).toBe(job?.spanContext().spanId);
  const traces = [commit, step, job].map((span) => span?.spanContext().traceId);
  expect(new Set(traces)).toEqual(new Set(['0af7651916cd43dd8448eb211c80319c']));
});

test('a job that comes from no trace begins one', async () => {
  const { tracing, spans } = stage();
  expect(await tracing.job({ orderId: 'o', traceParent: undefined }, async () => 'done')).toBe('done');
  expect(await tracing.job({ orderId: 'o', traceParent: 'nonsense' }, async () => 'done')).toBe('done');
  expect(spans().map(({ parentSpanContext }) => parentSpanContext)).toEqual([undefined, undefined]);
});

// The specification of OpenTelemetry, "General SDK Configuration", OTEL_TRACES_SAMPLER.
const samplers: readonly (readonly [
  SamplerName,
  share: number,
  root: boolean,
  sampled: boolean,
  unsampled: boolean,
])[] = [
  ['always_on', 0, true, true, true],
  ['always_off', 1, false, false, false],
  ['traceidratio', 1, true, true, true],
  ['traceidratio', 0, false, false, false],
  ['parentbased_always_on', 0, true, true, false],
  ['parentbased_always_off', 1, false, true, false],
  ['parentbased_traceidratio', 1, true, true, false],
  ['parentbased_traceidratio', 0, false, true, false],
];

test.each(samplers)(
  '%s with %d: a call without a parent %p, with a sampled one %p, with one that is not %p',
  (name, share, root, sampled, unsampled) => {
    const { tracing } = stage(createSampler(name, share));
    const isTraced = (headers: Parameters<typeof tracing.startCall>[1]) =>
      tracing.startCall(METHOD, headers) !== undefined;
    expect([isTraced(NO_HEADERS), isTraced(headersOf('01')), isTraced(headersOf('00'))]).toEqual([
      root,
      sampled,
      unsampled,
    ]);
  },
);
