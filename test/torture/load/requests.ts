import { status } from '@grpc/grpc-js';
import {
  CancelOrderRequest,
  CancelOrderResponse,
  CreateOrderRequest,
  CreateOrderResponse,
  OrderServiceService,
} from '../../../src/generated/orders/v1/order_service.ts';
import type { Dice } from '../../../src/simulator/dice.ts';
import type { Answer } from '../../../src/simulator/unary-attempt.ts';

/** One request, with what is to be known of it later. */
export type Intent = CreateIntent | CancelIntent;

export interface CreateIntent {
  readonly method: 'create';
  readonly key: string | undefined;
  /** Tells it from other requests under the key. */
  readonly request: string;
  readonly items: number;
  /** What is in a field that the server does not know; undefined: nothing. */
  readonly unknown?: number;
  /** What stands in the order in the request's place: it differs in what the server does not know only. */
  readonly note?: string;
}

export interface CancelIntent {
  readonly method: 'cancel';
  readonly key: string;
  readonly request: string;
  readonly orderId: string;
}

/** Far above the fields that there are. */
const UNKNOWN_FIELD = 1_000;
const LABELS = 3;

/** What all calls of an intent have in common; without a key, equal requests are one. */
export function recordOf({ method, key, request }: Intent): string {
  return `${method} ${key ?? `derived:${request}`}`;
}

/**
 * A request as it goes over the wire. It stands in the order as its note, and in a cancellation as its reason. No two encodings need be
 * the same: a map has no order.
 */
export function encodeRequest(intent: Intent, dice: Dice): Buffer {
  if (intent.method === 'cancel') {
    const { orderId, request } = intent;
    return Buffer.from(CancelOrderRequest.encode({ orderId, reason: request }).finish());
  }
  const { request, note = request, items, unknown } = intent;
  const writer = CreateOrderRequest.encode({
    customerId: 'torture',
    items: Array.from({ length: items }, (_, index) => ({
      sku: `tea-${index}`,
      quantity: index + 1,
      unitPrice: { currencyCode: 'EUR', units: 4n, nanos: 500_000_000 },
    })),
    note,
    labels: labelsInSomeOrder(dice),
  });
  if (unknown !== undefined) {
    writer.uint32(UNKNOWN_FIELD << 3).uint32(unknown);
  }
  return Buffer.from(writer.finish());
}

function labelsInSomeOrder(dice: Dice): Map<string, string> {
  const labels = Array.from({ length: LABELS }, (_, index): [string, string] => [`label-${index}`, `${index}`]);
  const first = dice.between(0, LABELS - 1);
  return new Map([...labels.slice(first), ...labels.slice(0, first)]);
}

/** What an OK answer says: which order it is about, and which request. */
export function readAnswer(method: Intent['method'], { code, bytes }: Answer): AnsweredOrder {
  if (code !== status.OK || bytes === undefined) {
    return { orderId: undefined, answeredRequest: undefined };
  }
  try {
    const order = (method === 'create' ? CreateOrderResponse : CancelOrderResponse).decode(bytes).order;
    return {
      orderId: order?.orderId,
      answeredRequest: method === 'create' ? order?.note : order?.stateReason,
    };
  } catch {
    // Whatever that is, it is no answer to this request.
    return { orderId: undefined, answeredRequest: 'nothing that can be read' };
  }
}

interface AnsweredOrder {
  readonly orderId: string | undefined;
  readonly answeredRequest: string | undefined;
}

export const paths = {
  create: OrderServiceService.createOrder.path,
  cancel: OrderServiceService.cancelOrder.path,
} as const;
