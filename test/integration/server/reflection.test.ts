import { status } from '@grpc/grpc-js';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { methodRule } from '../../../src/idempotency/contract.ts';
import { startTestService, type TestService } from '../../support/order-service.ts';
import { createTestDatabase, type TestDatabase } from '../../support/postgres.ts';
import { ask, filesIn, type Question, registryOf } from './reflection-client.ts';

const policyOption = 50_811;
let database: TestDatabase;
let service: TestService;

beforeAll(async () => {
  database = await createTestDatabase();
  service = await startTestService({ databaseUrl: database.url });
}, 60_000);

afterAll(async () => {
  await service.stop();
  await database.drop();
}, 60_000);

const symbol = (value: string): Question => ({ $case: 'fileContainingSymbol', value });
const extension = (containingType: string, extensionNumber: number): Question => ({
  $case: 'fileContainingExtension',
  value: { containingType, extensionNumber },
});

describe.each(['v1', 'v1alpha'] as const)('reflection %s', (version) => {
  async function answerTo(question: Question | undefined) {
    const [answer, ...more] = await ask(service.client, version, [question]);
    expect(more).toEqual([]);
    return answer;
  }

  async function expectNotFound(question: Question) {
    const response = (await answerTo(question))?.messageResponse;
    // Files would make a report of many screens.
    expect(response?.$case).toBe('errorResponse');
    expect(response?.value).toMatchObject({ errorCode: status.NOT_FOUND });
  }

  test('lists every service of the server', async () => {
    const response = (await answerTo({ $case: 'listServices', value: '' }))?.messageResponse;
    const services = response?.$case === 'listServicesResponse' ? response.value.service : [];
    expect(services.map(({ name }) => name).sort()).toEqual([
      'grpc.health.v1.Health',
      'grpc.reflection.v1.ServerReflection',
      'grpc.reflection.v1alpha.ServerReflection',
      'idempotency.v1.IdempotencyService',
      'orders.v1.OrderService',
    ]);
  });

  test.each([
    ['a service', 'orders.v1.OrderService', 'orders/v1/order_service.proto'],
    ['a method', 'orders.v1.OrderService.CreateOrder', 'orders/v1/order_service.proto'],
    ['a message', 'orders.v1.Order', 'orders/v1/order.proto'],
    ['a field', 'orders.v1.Order.order_id', 'orders/v1/order.proto'],
    ['the entry of a map', 'orders.v1.Order.LabelsEntry', 'orders/v1/order.proto'],
    ['an enum', 'orders.v1.OrderState', 'orders/v1/order.proto'],
    // The values of an enum are its neighbours, as in C++.
    ['a value of an enum', 'orders.v1.ORDER_STATE_PENDING', 'orders/v1/order.proto'],
    ['an extension', 'idempotency.v1.policy', 'idempotency/v1/policy.proto'],
    ['a service that every server has', 'grpc.health.v1.Health', 'health/v1/health.proto'],
  ])('finds the file of %s, with all that it imports', async (_what, name, fileName) => {
    const files = filesIn(await answerTo(symbol(name)));
    expect(files[0]?.name).toBe(fileName);
    expect([...registryOf(files).files].length).toBe(files.length);
  });

  test('finds a file by its name', async () => {
    const files = filesIn(await answerTo({ $case: 'fileByFilename', value: 'google/type/money.proto' }));
    expect(files.map(({ name }) => name)).toEqual(['google/type/money.proto']);
  });

  test.each([
    ['a symbol', symbol('orders.v1.Nothing')],
    ['a symbol of another package', symbol('Order')],
    ['a method of a service', symbol('orders.v1.OrderService.DeleteOrder')],
    ['a field of a message', symbol('orders.v1.Order.nothing')],
    ['a name', symbol('')],
    ['a package alone', symbol('orders.v1')],
    ['a file', { $case: 'fileByFilename', value: 'orders/v1/nothing.proto' } as const],
    ['an extension', extension('google.protobuf.MethodOptions', 1)],
    ['an extension of a message', extension('orders.v1.Order', policyOption)],
    ['extensions of a message', { $case: 'allExtensionNumbersOfType', value: 'orders.v1.Nothing' } as const],
  ])('does not find %s that is not there', async (_what, question) => {
    await expectNotFound(question);
  });

  test('finds the option of policies by its number', async () => {
    const files = filesIn(await answerTo(extension('google.protobuf.MethodOptions', policyOption)));
    expect(files[0]?.name).toBe('idempotency/v1/policy.proto');
  });

  test('tells which options there are', async () => {
    const of = (value: string) => answerTo({ $case: 'allExtensionNumbersOfType', value });
    expect((await of('google.protobuf.MethodOptions'))?.messageResponse?.value).toEqual({
      baseTypeName: 'google.protobuf.MethodOptions',
      extensionNumber: [policyOption],
    });
    expect((await of('orders.v1.Order'))?.messageResponse?.value).toMatchObject({ extensionNumber: [] });
  });

  test('serves the comments, so that a caller reads what a field means', async () => {
    const [file] = filesIn(await answerTo(symbol('orders.v1.OrderService')));
    const comments = (file?.sourceCodeInfo?.location ?? []).map(({ leadingComments }) => leadingComments).join('');
    expect(comments).toContain('CreateOrder places an order. OK means that it is committed.');
    expect(comments).toContain('Who orders, in the caller');
  });

  test('serves the policy of CreateOrder, and which methods are reads', async () => {
    const contract = registryOf(filesIn(await answerTo(symbol('orders.v1.OrderService'))));
    const rules = (contract.getService('orders.v1.OrderService')?.methods ?? []).map(
      (method) => [method.name, methodRule(contract, method)] as const,
    );
    expect(Object.fromEntries(rules)).toMatchObject({
      CreateOrder: {
        kind: 'mutation',
        policy: {
          keyRequired: false,
          timeToLiveMs: 86_400_000,
          leaseMs: 5_000,
          longestWaitMs: 30_000,
          expiredKeyIsNew: false,
        },
      },
      GetOrder: { kind: 'read' },
      ListOrders: { kind: 'read' },
    });
  });

  test('answers many questions on one stream in their order, each with the question it belongs to', async () => {
    const questions = [
      symbol('orders.v1.Order'),
      undefined,
      symbol('orders.v1.Nothing'),
      symbol('orders.v1.OrderState'),
    ];
    const answers = await ask(service.client, version, questions);
    expect(answers.map(({ originalRequest }) => originalRequest?.messageRequest)).toEqual(questions);
    expect(answers.map(({ validHost }) => validHost)).toEqual(['h', 'h', 'h', 'h']);
    expect(answers.map(({ messageResponse }) => messageResponse?.$case)).toEqual([
      'fileDescriptorResponse',
      'errorResponse',
      'errorResponse',
      'fileDescriptorResponse',
    ]);
    expect(answers[1]?.messageResponse?.value).toMatchObject({ errorCode: status.INVALID_ARGUMENT });
  });
});

test('reflection can be switched off', async () => {
  const silent = await startTestService({ databaseUrl: database.url, settings: { GRPC_REFLECTION: 'false' } });
  try {
    await expect(ask(silent.client, 'v1', [symbol('orders.v1.Order')])).rejects.toMatchObject({
      code: status.UNIMPLEMENTED,
    });
  } finally {
    await silent.stop();
  }
});
