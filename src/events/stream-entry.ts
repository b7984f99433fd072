import { cloudEventOf } from '../orders/cloud-event.ts';
import type { NumberedEvent } from '../orders/order-event.ts';

/**
 * An event as it stands in the stream: the attributes of CloudEvents 1.0 as fields, and its data as JSON, in the names of
 * orders.v1.OrderChange. What was traced has the attribute of CloudEvents' extension for distributed tracing.
 */
export function toStreamFields(event: NumberedEvent): readonly string[] {
  const { id, source, specVersion, type, subject } = cloudEventOf(event);
  const data = {
    orderId: event.orderId,
    previousState: `ORDER_STATE_${event.previousState ?? 'UNSPECIFIED'}`,
    state: `ORDER_STATE_${event.state}`,
    reason: event.reason,
  };
  return [
    ...['id', id, 'source', source, 'specversion', specVersion, 'type', type, 'subject', subject],
    ...['time', event.time.toISOString(), 'sequence', String(event.sequence)],
    ...['datacontenttype', 'application/json', 'data', JSON.stringify(data)],
    ...(event.traceParent === undefined ? [] : ['traceparent', event.traceParent]),
  ];
}
