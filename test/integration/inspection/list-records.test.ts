import { status as code } from '@grpc/grpc-js';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { ListRecordsResponse } from '../../../src/generated/idempotency/v1/idempotency_service.ts';
import { RecordState } from '../../../src/generated/idempotency/v1/record.ts';
import { say, shout } from '../idempotency/stage/calls.ts';
import { handlerFailure } from '../idempotency/stage/failures.ts';
import { openStage, type Stage } from '../idempotency/stage/stage.ts';
import { as, type InspectedService, inspectedService, recordPage, SAY, SHOUT } from './inspected-service.ts';

const { RECORD_STATE_COMPLETED, RECORD_STATE_FAILED, RECORD_STATE_EXPIRED, RECORD_STATE_PENDING } = RecordState;
let stage: Stage;
let inspected: InspectedService;

beforeAll(async () => {
  stage = await openStage();
  inspected = await inspectedService(stage);
});

afterAll(async () => {
  await inspected[Symbol.asyncDispose]();
  await stage.close();
});

/** Calls of a principal of this test, one after the other. */
async function settle(principal: string, ...keys: readonly string[]) {
  for (const key of keys) await say(inspected.echo, { text: key }, { key, metadata: as(principal) });
  await inspected.echo.idempotency.drained();
}

const makeOlder = (key: string, by: string) =>
  stage.sql(
    `update idempotency_keys set created_at = created_at - $2::interval, expires_at = expires_at - $2::interval where key = $1`,
    [key, by],
  );

const keysOf = ({ records }: ListRecordsResponse) => records.map(({ key }) => key);

/** All pages of a list, one after the other. */
async function allPages(request: Parameters<InspectedService['list']>[0]): Promise<readonly string[][]> {
  const pages: string[][] = [];
  let pageToken = '';
  do {
    const page = recordPage(await inspected.list({ ...request, pageToken }));
    pages.push(keysOf(page));
    pageToken = page.nextPageToken;
  } while (pageToken !== '');
  return pages;
}

test("one's own records, newest first, and nobody else's (P9)", async () => {
  await settle('ann', 'ann-1', 'ann-2', 'ann-3');
  await settle('bob', 'bob-1');
  const page = recordPage(await inspected.list({ principal: 'ann' }));
  expect(keysOf(page)).toEqual(['ann-3', 'ann-2', 'ann-1']);
  expect(page).toMatchObject({ nextPageToken: '', redisUnavailable: false, runningLeftOut: 0 });
  expect(keysOf(recordPage(await inspected.list({ principal: 'bob' })))).toEqual(['bob-1']);
  expect(keysOf(recordPage(await inspected.list({ principal: 'stranger' })))).toEqual([]);
});

test('a record of the list is the one that GetRecord shows', async () => {
  await settle('same', 'same-1');
  const [listed] = recordPage(await inspected.list({ principal: 'same' })).records;
  expect(listed).toMatchObject({ key: 'same-1', attempts: 1, state: RECORD_STATE_COMPLETED });
  expect((await inspected.get('same-1', { principal: 'same' })).response).toBeDefined();
});

describe('filters', () => {
  const principal = 'filter';
  const list = async (request: Parameters<InspectedService['list']>[0]) =>
    keysOf(recordPage(await inspected.list({ principal, ...request })));

  beforeAll(async () => {
    stage.whenSaying('filter-failed', () => {
      throw handlerFailure(code.NOT_FOUND);
    });
    await settle(principal, 'filter-old', 'filter-ancient', 'filter-failed', 'filter-done');
    await shout(inspected.echo, 'x', { key: 'filter-shout', metadata: as(principal) });
    await makeOlder('filter-old', '25 hours');
    await makeOlder('filter-ancient', '9 days');
  });

  test('what is no longer remembered is in no list', async () => {
    expect(await list({})).toEqual(['filter-shout', 'filter-done', 'filter-failed', 'filter-old']);
  });

  test.each([
    [[RECORD_STATE_COMPLETED], ['filter-shout', 'filter-done']],
    [[RECORD_STATE_FAILED], ['filter-failed']],
    [[RECORD_STATE_EXPIRED], ['filter-old']],
    [
      [RECORD_STATE_EXPIRED, RECORD_STATE_FAILED],
      ['filter-failed', 'filter-old'],
    ],
    [[RECORD_STATE_PENDING], []],
  ])('the states %j', async (states, keys) => {
    expect(await list({ states })).toEqual(keys);
  });

  test('a method, and a method with a state', async () => {
    expect(await list({ method: SHOUT })).toEqual(['filter-shout']);
    expect(await list({ method: 'echo.v1.EchoService/Say', states: [RECORD_STATE_COMPLETED] })).toEqual([
      'filter-done',
    ]);
  });
});

describe('pages', () => {
  test('each record once, and what is added meanwhile moves nothing', async () => {
    await settle('pages', ...['1', '2', '3', '4', '5'].map((key) => `pages-${key}`));
    // Of one time, so that the id decides.
    await stage.sql(
      `update idempotency_keys set created_at = now(), expires_at = now() + interval '1 day' where key like 'pages-%'`,
    );
    const whole = await allPages({ principal: 'pages' });
    const pages = await allPages({ principal: 'pages', pageSize: 2 });
    expect(pages.map(({ length }) => length)).toEqual([2, 2, 1]);
    expect(pages.flat()).toEqual(whole.flat());
    const first = recordPage(await inspected.list({ principal: 'pages', pageSize: 2 }));
    await settle('pages', 'pages-6');
    const second = await inspected.list({ principal: 'pages', pageSize: 2, pageToken: first.nextPageToken });
    expect(keysOf(recordPage(second))).toEqual(pages[1]);
  });

  test('what is rare is found beyond what one page looks at', async () => {
    await settle('rare', 'rare-1');
    await makeOlder('rare-1', '2 hours');
    await stage.sql(
      `
      insert into idempotency_keys
      select sha256(('rare' || n)::bytea), 'rare', $1, 'many-' || n, sha256(''), 1, 'FAILED', 1, null, 5, 'gone', '', created_at + n * interval '1 ms',
        expires_at + interval '1 hour'
      from idempotency_keys, generate_series(1, 5001) as n where key = 'rare-1'`,
      [SAY],
    );
    expect(await allPages({ principal: 'rare', states: [RECORD_STATE_COMPLETED] })).toEqual([[], ['rare-1']]);
  });

  test('a page that would be too large to be sent is shorter', async () => {
    const narrow = await inspectedService(stage, { settings: { GRPC_MAX_RESPONSE_BYTES: '2048' } });
    await settle('narrow', ...Array.from({ length: 12 }, (_, index) => `narrow-${index}`));
    const page = await narrow.list({ principal: 'narrow' });
    await narrow[Symbol.asyncDispose]();
    expect(page.response?.length).toBeLessThan(2_048);
    expect(keysOf(recordPage(page)).length).toBeLessThan(12);
    expect(recordPage(page).nextPageToken).not.toBe('');
  });

  test.each([
    ['another caller', { principal: 'bob' }],
    ['other states', { states: [RECORD_STATE_FAILED] }],
    ['another method', { method: SHOUT }],
  ])('a token is none of %s', async (_whose, change) => {
    await settle('bound', 'bound-1', 'bound-2');
    const { nextPageToken } = recordPage(await inspected.list({ principal: 'bound', pageSize: 1 }));
    const request = { principal: 'bound', pageToken: nextPageToken };
    expect(keysOf(recordPage(await inspected.list(request)))).toEqual(['bound-1']);
    expect(await inspected.list({ ...request, ...change })).toMatchObject({
      code: code.INVALID_ARGUMENT,
      errorInfo: { reason: 'INVALID_RECORD_PAGE_TOKEN', domain: 'idempotency.v1' },
      badRequest: { fieldViolations: [{ field: 'page_token' }] },
    });
  });
});

test('P10 a page of 200 records and a token of 512 characters are looked at; one more, and far more, are refused', async () => {
  expect((await inspected.list({ pageSize: 200 })).code).toBe(code.OK);
  const token = await inspected.list({ pageToken: 'x'.repeat(512) });
  expect(token.errorInfo?.reason).toBe('INVALID_RECORD_PAGE_TOKEN');
  for (const [field, request] of [
    ['page_size', { pageSize: 201 }],
    ['page_size', { pageSize: 2 ** 31 - 1 }],
    ['page_token', { pageToken: 'x'.repeat(513) }],
    ['page_token', { pageToken: 'x'.repeat(200_000) }],
  ] as const) {
    expect(await inspected.list(request)).toMatchObject({
      code: code.INVALID_ARGUMENT,
      errorInfo: { reason: 'INVALID_RECORD_REQUEST' },
      badRequest: { fieldViolations: [{ field }] },
    });
  }
});

test('everything that is wrong with a question is told at once', async () => {
  const states = [RecordState.RECORD_STATE_UNSPECIFIED, RECORD_STATE_FAILED, RECORD_STATE_FAILED];
  const result = await inspected.list({ states, method: 'no', pageSize: 201, pageToken: 'x'.repeat(513) });
  expect(result).toMatchObject({ code: code.INVALID_ARGUMENT, errorInfo: { reason: 'INVALID_RECORD_REQUEST' } });
  const fields = result.badRequest?.fieldViolations.map(({ field }) => field);
  expect(fields).toEqual(['states[0]', 'method', 'page_size', 'page_token']);
  const twice = await inspected.list({ states: states.slice(1) });
  expect(twice.badRequest?.fieldViolations).toMatchObject([
    { field: 'states', description: 'No state may be given twice.' },
  ]);
});
