import { symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type * as Library from '../../../src/idempotency/index.ts';
import { SayResponse } from '../../generated/echo/v1/echo_service.ts';
import { inWords } from '../../integration/faults/named-orders.ts';
import { say, toldBy } from '../../integration/idempotency/stage/calls.ts';
import { openStage, type Stage } from '../../integration/idempotency/stage/stage.ts';
import { copyDataFolder } from '../../support/copy-data-folder.ts';
import type { EchoService } from '../../support/echo-service.ts';
import { createTestFolder } from '../../support/run-folder.ts';
import { testConfig } from '../../support/test-config.ts';

// O4: powertools-lambda-typescript#2517. Two copies of a library were loaded, and the one did not know the other's errors by their class.

let stage: Stage;
let echo: EchoService;
/** A second copy of the library, as two packages that depend on it can have. */
let copy: typeof Library;

beforeAll(async () => {
  stage = await openStage();
  const folder = await createTestFolder('copy');
  const root = fileURLToPath(new URL('../../..', import.meta.url));
  await copyDataFolder(join(root, 'src/idempotency'), join(folder, 'idempotency'));
  await symlink(join(root, 'node_modules'), join(folder, 'node_modules'));
  copy = await import(join(folder, 'idempotency/index.ts'));
  echo = await stage.startService();
}, 60_000);

afterAll(() => stage.close(), 60_000);

test('O4 errors are told by their codes: there are two copies, whose classes are not the same', async () => {
  const { IdempotencyError } = await import('../../../src/idempotency/index.ts');
  expect(copy.IdempotencyError).not.toBe(IdempotencyError);
  expect(new copy.IdempotencyError('OUTCOME_UNKNOWN', 'from the copy')).not.toBeInstanceOf(IdempotencyError);
});

test.each([
  ['IDEMPOTENCY_KEY_EXPIRED', 'FAILED_PRECONDITION'],
  ['OUTCOME_UNKNOWN', 'UNAVAILABLE'],
  ['TOO_MANY_RUNS', 'RESOURCE_EXHAUSTED'],
  ['RESPONSE_NOT_ENCODABLE', 'INTERNAL'],
] as const)('O4 errors are told by their codes: a handler throws %s of another copy', async (reason, code) => {
  const retryAfterMs = code === 'UNAVAILABLE' ? { retryAfterMs: 100 } : {};
  stage.whenSaying(reason, () => {
    throw new copy.IdempotencyError(reason, 'from the copy', retryAfterMs);
  });
  const result = await say(echo, { text: reason }, { key: reason });
  expect([inWords(result), result.message]).toEqual([
    `${code} ${reason}${code === 'UNAVAILABLE' ? ', may retry' : ''}`,
    'from the copy',
  ]);
});

test('O4 errors are told by their codes: a refusal by a ledger of another copy is the last word, whatever the handler makes of it', async () => {
  stage.whenSaying('swallowed', async (attempt) => {
    await attempt
      .commit(SayResponse.fromPartial({ text: 'first' }), async (entry) => {
        await echo.ledger.record(entry);
        throw new copy.IdempotencyError('OUTCOME_UNKNOWN', 'from the copy', { retryAfterMs: 100 });
      })
      .catch(() => {});
    // What this attempt has committed is not known: another commit must not be.
    await attempt
      .commit(SayResponse.fromPartial({ text: 'second' }), (entry) => echo.ledger.record(entry))
      .catch(() => {});
  });
  const first = await say(echo, { text: 'swallowed' }, { key: 'swallowed' });
  expect(inWords(first)).toBe('UNAVAILABLE OUTCOME_UNKNOWN, may retry');
  stage.whenSaying('swallowed', () => {});
  const again = await say(echo, { text: 'swallowed' }, { key: 'swallowed' });
  expect([toldBy(again).status, SayResponse.decode(again.response ?? Buffer.of()).text]).toEqual(['replayed', 'first']);
});

test('O4 errors are told by their codes: errors of the database and of orders from another copy', async () => {
  // A module that is loaded by another name is another module.
  const database: typeof import('../../../src/database/database-error.ts') = await import(
    `../../../src/database/database-error.ts?copy=${2}`
  );
  const orders: typeof import('../../../src/orders/errors.ts') = await import(
    `../../../src/orders/errors.ts?copy=${2}`
  );
  const errors: readonly (readonly [Error, string])[] = [
    [new database.DatabaseError('DATABASE_BUSY', 'busy', undefined), 'UNAVAILABLE DATABASE_BUSY, may retry'],
    [new orders.OrderError('ORDER_NOT_FOUND', 'gone', {}), 'NOT_FOUND ORDER_NOT_FOUND'],
  ];
  for (const [error, told] of errors) {
    stage.whenSaying(error.message, () => {
      throw error;
    });
    expect(inWords(await say(echo, { text: error.message }, { key: error.message }))).toBe(told);
  }
});

test('O4 errors are told by their codes: a store of another copy serves, and its records are those of all', async () => {
  const config = testConfig({ databaseUrl: stage.databaseUrl, redisUrl: stage.redis.url });
  const store = new copy.RedisStore({
    ...config.redis,
    url: stage.redis.url,
    epoch: () => echo.database.epoch,
    cachedAnswerBytesMax: config.idempotency.maxCachedAnswerBytes,
    onChange: () => {},
  });
  const service = await stage.startService({ library: { store } });
  const first = await say(service, { text: 'shared' }, { key: 'shared' });
  const again = await say(echo, { text: 'shared' }, { key: 'shared' });
  const third = await say(service, { text: 'shared' }, { key: 'shared' });
  expect([first, again, third].map((result) => toldBy(result).status)).toEqual(['executed', 'replayed', 'replayed']);
  expect([again.response, third.response]).toEqual([first.response, first.response]);
  await service.stop();
  store.close();
});
