import {
  type Context,
  type Link,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  type Tracer,
  trace,
} from '@opentelemetry/api';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import { type Sampler, type SpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import { orderFlow } from './order-flow.ts';
import { describeResource } from './resource.ts';
import type { CallSpan, JobSpan, SpanStep, TraceHeaders, Tracing } from './tracing.ts';

export interface OtelTracingOptions {
  readonly sampler: Sampler;
  readonly processor: SpanProcessor;
  /** Of the service. */
  readonly version: string;
}

/** The spans of steps: those of the way of an order, and what a call does beside it. */
const spanNames: Readonly<Record<SpanStep, string>> = {
  begin: orderFlow.check.span,
  commit: orderFlow.store.span,
  complete: orderFlow.complete.span,
  ledger: 'idempotency.ledger',
  wait: 'idempotency.wait',
};

/** What is asked in a step is another's work. */
const clientSteps: ReadonlySet<SpanStep> = new Set(['begin', 'ledger', 'commit', 'complete']);

/** Of statuses that are the server's fault, by the conventions for gRPC: the span is one of an error. */
const serverFaults = new Set(['UNKNOWN', 'DEADLINE_EXCEEDED', 'UNIMPLEMENTED', 'INTERNAL', 'UNAVAILABLE', 'DATA_LOSS']);

const propagator = new W3CTraceContextPropagator();

/** Makes spans with OpenTelemetry's SDK. */
export function createOtelTracing({ sampler, processor, version }: OtelTracingOptions): Tracing {
  const provider = new TracerProvider({
    sampler,
    spanProcessors: [processor],
    resource: describeResource(version),
  });
  const tracer = provider.getTracer('order-service', version);
  return {
    startCall: (method, headers) => startCall(tracer, method, headers),
    group: (traceParents, work) => {
      const links = traceParents.flatMap(linkTo);
      const attributes = { 'orders.commit_group.traced': links.length };
      return within([tracer.startSpan('orders.commit_group', { kind: SpanKind.CLIENT, links, attributes })], work);
    },
    publish: (traceParents, work) => {
      const spans = traceParents.map((traceparent) =>
        tracer.startSpan(
          'orders.publish',
          { kind: SpanKind.PRODUCER },
          contextFrom({ traceparent, tracestate: undefined }),
        ),
      );
      return within(spans, work);
    },
    job: ({ orderId, traceParent }, work) => {
      const attributes = { 'orders.order_id': orderId };
      const options = { kind: SpanKind.CONSUMER, attributes };
      const parent = contextFrom({ traceparent: traceParent, tracestate: undefined });
      const span = tracer.startSpan(orderFlow.processing.span, options, parent);
      return within([span], () => work(span.isRecording() ? jobSpan(tracer, span, parent) : undefined));
    },
    close: () => provider.shutdown(),
  };
}

function startCall(tracer: Tracer, method: string, headers: TraceHeaders): CallSpan | undefined {
  const name = method.slice(1);
  const attributes = { 'rpc.system.name': 'grpc', 'rpc.method': name };
  const parent = contextFrom(headers);
  const span = tracer.startSpan(name, { kind: SpanKind.SERVER, attributes }, parent);
  if (!span.isRecording()) {
    return undefined;
  }
  const context = trace.setSpan(parent, span);
  return {
    traceId: span.spanContext().traceId,
    traceParent: traceParentOf(span),
    step: (step, work) => {
      const kind = clientSteps.has(step) ? SpanKind.CLIENT : SpanKind.INTERNAL;
      const child = tracer.startSpan(spanNames[step], { kind }, context);
      return within([child], () => work(traceParentOf(child)));
    },
    check: (work) => {
      const child = tracer.startSpan(orderFlow.validate.span, {}, context);
      try {
        return work();
      } catch (error) {
        fail(child, error);
        throw error;
      } finally {
        child.end();
      }
    },
    linkTo: (traceParent) => void span.addLinks(linkTo(traceParent)),
    note: (event) => void span.addEvent(event),
    end: (status) => {
      span.setAttribute('rpc.response.status_code', status);
      if (serverFaults.has(status)) {
        span.setStatus({ code: SpanStatusCode.ERROR });
      }
      span.end();
    },
  };
}

function jobSpan(tracer: Tracer, span: Span, parent: Context): JobSpan {
  const context = trace.setSpan(parent, span);
  return {
    traceId: span.spanContext().traceId,
    traceParent: traceParentOf(span),
    step: (name, work) => {
      const attributes = { 'orders.step': name };
      return within([tracer.startSpan(`orders.step ${name}`, { attributes }, context)], work);
    },
    note: (state) => void span.addEvent(state),
  };
}

async function within<T>(spans: readonly Span[], work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    for (const span of spans) {
      fail(span, error);
    }
    throw error;
  } finally {
    for (const span of spans) {
      span.end();
    }
  }
}

/** What an error says may quote a request: its kind is all that leaves. */
function fail(span: Span, error: unknown): void {
  span.setAttribute('error.type', error instanceof Error ? error.name : typeof error);
  span.setStatus({ code: SpanStatusCode.ERROR });
}

/** What is no context of W3C's begins a trace of its own. */
function contextFrom(headers: TraceHeaders): Context {
  return propagator.extract(ROOT_CONTEXT, headers, {
    keys: (carrier) => Object.keys(carrier),
    get: (carrier: TraceHeaders, key) => (key === 'traceparent' ? carrier.traceparent : carrier.tracestate),
  });
}

function linkTo(traceParent: string): Link[] {
  const context = trace.getSpanContext(contextFrom({ traceparent: traceParent, tracestate: undefined }));
  return context === undefined ? [] : [{ context }];
}

function traceParentOf(span: Span): string {
  const carrier: Record<string, string> = {};
  propagator.inject(trace.setSpan(ROOT_CONTEXT, span), carrier, {
    set: (target, key, value) => {
      target[key] = value;
    },
  });
  return carrier['traceparent'] ?? '';
}
