import { inWords, place } from '../../integration/faults/named-orders.ts';
import { type OpenStores, openStores } from '../../integration/orders/stores.ts';
import { startTestService, type TestService } from '../../support/order-service.ts';
import { createGate } from '../../support/pause-gate.ts';
import { startTcpProxy, type TcpProxy } from '../../support/tcp-proxy.ts';
import type { CallResult } from '../../support/unary-call.ts';

/** A service whose calls come to their commits together, and a neighbour on the same stores. */
export interface GroupStage extends AsyncDisposable {
  readonly stores: OpenStores;
  readonly service: TestService;
  /** On the service's way to PostgreSQL. */
  readonly proxy: TcpProxy;
  readonly neighbour: TestService;
  /** Holds calls of the service right before their commits. */
  readonly gate: ReturnType<typeof createGate>;
  /** Places orders by these names in one group, each under its own key. */
  placeTogether(names: readonly string[]): Promise<readonly CallResult[]>;
}

/** @param settings of the service whose groups are looked at */
export async function openGroupStage(settings: Readonly<Record<string, string>> = {}): Promise<GroupStage> {
  await using stack = new AsyncDisposableStack();
  const stores = stack.adopt(await openStores(), (opened) => opened.close());
  const url = new URL(stores.databaseUrl);
  const proxy = stack.use(await startTcpProxy(Number(url.port)));
  url.port = String(proxy.port);
  const { redisUrl } = stores;
  const gate = createGate('before_commit');
  stack.defer(() => gate.open());
  const service = stack.use(await startTestService({ databaseUrl: url.href, redisUrl, settings, pause: gate.pause }));
  const neighbour = stack.use(await startTestService({ databaseUrl: stores.databaseUrl, redisUrl }));
  const opened = stack.move();
  return {
    stores,
    service,
    proxy,
    neighbour,
    gate,
    placeTogether: async (names) => {
      gate.close();
      const results = Promise.all(names.map((name) => place(service.client, name)));
      await gate.arrived(names.length);
      gate.open();
      return await results;
    },
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  };
}

/** What became of each, in words. */
export function wordsOf(results: readonly CallResult[]): readonly string[] {
  return results.map(inWords);
}

/** So many names that nobody else has. */
export function namesOf(what: string, count: number): readonly string[] {
  return Array.from({ length: count }, (_, index) => `${what}-${index}`);
}
