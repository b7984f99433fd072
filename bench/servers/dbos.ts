import { DBOS } from '@dbos-inc/dbos-sdk';
import { PostgresDataSource } from '@dbos-inc/postgres-datasource';
import { CreateOrderRequest, CreateOrderResponse } from '../../src/generated/orders/v1/order_service.ts';
import { placeOrder } from '../../src/orders/place-order.ts';
import { checkRequest } from '../../src/orders/validation/check-request.ts';
import { draftRule } from '../../src/orders/validation/draft-rule.ts';
import { toOrderMessage } from '../../src/transport/order-messages.ts';
import { dieIfTold } from './death.ts';
import { required, serveOrders } from './order-server.ts';
import { placeWithoutLedger, withoutLedger } from './write-path.ts';

// The order as a durable workflow whose id is the key. Its one step is a transaction that commits the order, by the service's own statement
// for one order, together with the record that the step is done. DBOS keeps JSON: messages are texts in it.
const databaseUrl = required('DATABASE_URL');
const { hostname, port, pathname, username, password } = new URL(databaseUrl);
const dataSource = new PostgresDataSource('orders', {
  host: hostname,
  port: Number(port),
  database: pathname.slice(1),
  username,
  password,
  max: 10,
  onnotice: () => {},
});
// This client would make JSON of the text that is JSON already.
const statement = placeWithoutLedger().replace('$1::json', '$1::text::json');

const write = dataSource.registerTransaction(
  async (request: string, key: string): Promise<string> => {
    const order = placeOrder(checkRequest(draftRule, CreateOrderRequest.decode(Buffer.from(request, 'base64'))));
    await PostgresDataSource.client.unsafe(statement, withoutLedger([{ order, key }]), { prepare: true });
    const response = CreateOrderResponse.encode({ order: toOrderMessage(order) }).finish();
    return Buffer.from(response).toString('base64');
  },
  { name: 'write' },
);

const place = DBOS.registerWorkflow(
  async (request: string, key: string): Promise<string> => {
    const response = await write(request, key);
    dieIfTold(key);
    return response;
  },
  { name: 'place' },
);

// The same pool size as ours. Its own tables are in the same database, as its documentation has it.
DBOS.setConfig({ name: 'bench', systemDatabaseUrl: databaseUrl, systemDatabasePoolSize: 10, logLevel: 'error' });
await DBOS.launch();

await serveOrders(async (request, key) => {
  const text = Buffer.from(CreateOrderRequest.encode(request).finish()).toString('base64');
  const handle = await DBOS.startWorkflow(place, { workflowID: key })(text, key);
  return Buffer.from(await handle.getResult(), 'base64');
});
