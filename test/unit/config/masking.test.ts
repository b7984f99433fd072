import { describe, expect, test } from '@jest/globals';
import { describeSettings } from '../../../src/config/describe-settings.ts';
import type { Environment } from '../../../src/config/environment.ts';
import { renderFaults, renderWarnings } from '../../../src/config/fault-report.ts';
import { masked } from '../../../src/config/mask.ts';
import { parseConfig } from '../../../src/config/parse-config.ts';
import { renderSettings } from '../../../src/config/settings-table.ts';

const secret = 'Geheimnis';

const spellings = [
  `postgres://app:${secret}@db/orders`,
  `postgres://app:${secret}@db`,
  `postgres://app:${secret}@db/orders\n`,
  `postgres://app:x@${secret}@db/orders`,
  `postgres://app:x/${secret}@db/orders`,
  `postgres://app:${secret}/x@db/orders`,
  `postgres://app:x#${secret}@db/orders`,
  `postgres://app:x?${secret}@db/orders`,
  `postgres://app:x?y=${secret}@db/orders`,
  `postgres://app:12/${secret}@db/orders`,
  `postgres://app:12#${secret}@db/orders`,
  `postgres://app:12?${secret}@db/orders`,
  `postgres://app:x ${secret}@db/orders`,
  `postgres://app:%${secret}@db/orders`,
  `postgres://${secret}@db/orders`,
  `postgres://:${secret}@db/orders`,
  `postgres://db/orders?user=app&password=${secret}`,
  `postgres://db/orders?sslpassword=${secret}&sslmode=require`,
  `postgres:/app:${secret}@db/orders`,
  `app:${secret}@db/orders`,
  `mysql://app:${secret}@db/orders`,
  `redis://:${secret}@cache`,
  `redis://:${secret}`,
  `rediss://default:${secret}@cache/main`,
  ` redis://default:${secret}@cache/0`,
  `"redis://default:${secret}@cache/0"`,
];

describe('a secret', () => {
  test.each(spellings)('is never printed: %s', (url) => {
    for (const variable of ['DATABASE_URL', 'REDIS_URL', 'GRPC_LISTEN', 'REDIS_PREFIX', 'LOG_LEVEL', 'REDIS_URI']) {
      expect(everythingPrinted({ [variable]: url })).not.toMatch(new RegExp(secret, 'i'));
    }
  });

  test.each([secret, secret.repeat(4), `a://b/${secret.repeat(4)}`])('is hidden as a whole in a key: %s', (key) => {
    const printed = everythingPrinted({ ORDERS_PAGE_TOKEN_SECRET: key });
    expect(printed).not.toContain(secret);
    expect(printed).toContain('***');
  });
});

describe('a masked value', () => {
  test.each([
    ['postgres://app:x@db:5432/orders?sslmode=require', 'postgres://app:***@db:5432/orders?sslmode=require'],
    ['postgres://db/orders', 'postgres://db/orders'],
    ['redis://[::1]:6379/0', 'redis://[::1]:6379/0'],
    ['redis://:x@[::1]:6379/0', 'redis://:***@[::1]:6379/0'],
    ['redis://x@cache', 'redis://***@cache'],
    ['redis://cache?password=x&family=6', 'redis://cache?password=***&family=6'],
    ['postgres://a:b/c@db/orders', 'postgres://***'],
    ['nonsense', '***'],
  ])('keeps what is no secret: %s', (url, shown) => {
    expect(masked({ secrecy: 'passwordInUrl' }, url)).toBe(shown);
  });

  test('stands on one line and is cut', () => {
    expect(masked({ secrecy: 'open' }, 'a\nb\u001b[31m\u202e')).toBe('a\\u{a}b\\u{1b}[31m\\u{202e}');
    expect(masked({ secrecy: 'open' }, '9'.repeat(1_000))).toBe(`${'9'.repeat(120)}…`);
  });
});

/** All text that can come of an environment. */
function everythingPrinted(env: Environment): string {
  const parsed = parseConfig(env, { requires: ['database'] });
  const described = describeSettings(env);
  return [
    parsed.ok ? '' : renderFaults(parsed.faults, 400),
    parsed.ok ? '' : JSON.stringify(parsed.faults),
    renderWarnings(parsed.warnings),
    renderSettings(described, 80),
    renderSettings(described, 400),
    JSON.stringify(described),
  ].join('\n');
}
