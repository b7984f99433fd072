import { Server, ServerCredentials, type ServerUnaryCall, type sendUnaryData, status } from '@grpc/grpc-js';
import {
  type CreateOrderRequest,
  type CreateOrderResponse,
  OrderServiceService,
} from '../../src/generated/orders/v1/order_service.ts';

/** Answers a CreateOrder, also with a message that is encoded already. @param key the caller's idempotency key */
export type CreateOrder = (request: CreateOrderRequest, key: string) => Promise<CreateOrderResponse | Buffer>;

const { createOrder: method } = OrderServiceService;
const service = {
  createOrder: {
    ...method,
    responseSerialize: (response: CreateOrderResponse | Buffer) =>
      Buffer.isBuffer(response) ? response : method.responseSerialize(response),
  },
};

/** Serves CreateOrder on a free port, which the parent process is told. Ends with the parent. */
export async function serveOrders(createOrder: CreateOrder, server: Server = new Server()): Promise<void> {
  server.addService(service, {
    createOrder: (
      call: ServerUnaryCall<CreateOrderRequest, CreateOrderResponse | Buffer>,
      callback: sendUnaryData<CreateOrderResponse | Buffer>,
    ) => {
      const [key] = call.metadata.get('idempotency-key');
      createOrder(call.request, String(key)).then(
        (response) => callback(null, response),
        (error: unknown) => callback({ code: status.UNAVAILABLE, details: String(error) }),
      );
    },
  });
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    );
  });
  process.once('disconnect', () => process.exit());
  process.send?.(port);
}

/** A setting that the parent process has given. */
export function required(variable: string): string {
  const value = process.env[variable];
  if (value === undefined) {
    throw new Error(`${variable} is not set: the benchmark starts this server`);
  }
  return value;
}
