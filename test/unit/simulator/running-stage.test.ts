import { expect, test } from '@jest/globals';
import { useRunningStage } from '../../../src/simulator/running-stage.ts';

const target = { host: 'localhost', port: 50_051 };
const stores = { DATABASE_URL: 'postgres://localhost/orders', REDIS_URL: 'redis://localhost' };

test('a service that runs already is used with its stores, and nothing of it may be broken', () => {
  expect(useRunningStage(target, { ...stores, REDIS_PREFIX: 'shop' })).toEqual({
    target,
    databaseUrl: stores.DATABASE_URL,
    redisUrl: stores.REDIS_URL,
    stream: 'shop.events',
    own: undefined,
  });
});

test.each(['DATABASE_URL', 'REDIS_URL'])('without %s it says what is missing', (variable) => {
  expect(() => useRunningStage(target, { ...stores, [variable]: '' })).toThrow(variable);
});
