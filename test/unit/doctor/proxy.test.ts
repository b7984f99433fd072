import { expect, test } from '@jest/globals';
import { checkProxy } from '../../../src/doctor/checks/proxy.ts';
import type { PostgresPort, Query } from '../../../src/doctor/ports.ts';

// A8: what stands between the service and PostgreSQL may not give each statement another session.

interface Backend {
  readonly processId: number;
  mark: string | null;
}

const STATEMENT_TIMEOUT_MS = 2_000;

/** Answers what the check asks, on a session of the server. */
function ask(backend: Backend, text: string, [mark]: readonly unknown[]): readonly unknown[] {
  if (text.includes('statement_timeout')) {
    return [{ limit_ms: String(STATEMENT_TIMEOUT_MS) }];
  }
  if (text.includes('set_config')) {
    backend.mark = String(mark);
  }
  return [{ mark: backend.mark, process_id: backend.processId }];
}

/** Gives each statement the session that was free last, as PgBouncer does, and lets a transaction keep its own. */
function transactionPool(): PostgresPort {
  const idle: Backend[] = [];
  let sessions = 0;
  const take = () => {
    sessions += 1;
    return idle.pop() ?? { processId: sessions, mark: null };
  };
  const session: PostgresPort['session'] = (work) => {
    let held: Backend | undefined;
    return work(async (text, values = []) => {
      const backend = held ?? take();
      held = text.startsWith('begin') || (held !== undefined && text !== 'rollback') ? backend : undefined;
      if (held === undefined) idle.push(backend);
      return ask(backend, text, values);
    });
  };
  return { session, query: (text, values) => session((query) => query(text, values)) };
}

/** Gives each connection a session of its own. */
function sessionPool(): PostgresPort {
  let sessions = 0;
  const session: PostgresPort['session'] = (work) => {
    sessions += 1;
    const backend: Backend = { processId: sessions, mark: null };
    const query: Query = async (text, values = []) => ask(backend, text, values);
    return work(query);
  };
  return { session, query: (text, values) => session((query) => query(text, values)) };
}

test('A8 a proxy that pools by transaction is a fault, also while nobody else uses it', async () => {
  expect(await checkProxy(transactionPool(), STATEMENT_TIMEOUT_MS)).toMatchObject({
    level: 'fault',
    message: 'a proxy pools by transaction: sessions do not last',
    advice: expect.stringContaining('lead to PostgreSQL itself'),
  });
});

test('A8 a proxy that drops the limits of connections is a fault', async () => {
  expect(await checkProxy(sessionPool(), STATEMENT_TIMEOUT_MS + 1)).toMatchObject({
    level: 'fault',
    message: 'a proxy drops the limits that connections begin with',
  });
});

test('A8 a proxy that pools by session is well', async () => {
  expect(await checkProxy(sessionPool(), STATEMENT_TIMEOUT_MS)).toMatchObject({ level: 'ok' });
});
