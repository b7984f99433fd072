import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { renderFaults, renderWarnings } from '../../../src/config/fault-report.ts';
import { parseConfig } from '../../../src/config/parse-config.ts';
import { isSetByPlatform } from '../../../src/config/platform-variables.ts';
import { settings } from '../../../src/config/settings.ts';
import { withSettingsTable } from '../../../src/config/settings-document.ts';
import { configOf } from './parsed.ts';

const root = join(import.meta.dirname, '../../..');

/** OpenTelemetry has named these, for every service there is; no name of ours begins so. */
const isStandard = ({ variable }: (typeof settings)[number]) => variable.startsWith('OTEL_');

describe.each(settings.filter((setting) => !isStandard(setting)))('$variable, a name of ours,', (setting) => {
  const { room, name, variable, unit } = setting;

  test('is that of its place in the configuration', () => {
    const words = `${room}.${name}`.replaceAll(/[A-Z]/g, (letter) => `_${letter}`).replace('.', '_');
    expect(variable).toBe(words.toUpperCase());
  });

  test('has its unit last', () => {
    expect(variable.endsWith('_MS')).toBe(unit === 'ms');
    expect(variable.endsWith('_BYTES')).toBe(unit === 'bytes');
  });

  test('is set by no platform', () => {
    expect(isSetByPlatform(variable)).toBe(false);
  });
});

describe.each(settings)('$variable', (setting) => {
  const { room, name, variable } = setting;

  test('has its place in the configuration', () => {
    expect(configOf({})).toHaveProperty([room, name]);
  });

  test('has a default that its own rule accepts, and gives the same when it is written out', () => {
    expect(configOf({ [variable]: setting.default })).toEqual(configOf({}));
  });

  test('says what it means, why it is so, and what is allowed', () => {
    expect(setting.meaning).toMatch(/^\w.*\.$/);
    expect(setting.reason).toMatch(/^\w.*[^.]$/);
    expect(setting.expected).toMatch(/./);
  });
});

test('every setting has a variable of its own', () => {
  const variables = settings.map((setting) => setting.variable);
  expect(variables).toEqual([...new Set(variables)]);
});

test('a value with credentials is secret', () => {
  const secret = settings.filter((setting) => setting.secrecy !== 'open').map((setting) => setting.variable);
  expect(secret).toEqual([
    'DATABASE_URL',
    'REDIS_URL',
    'ORDERS_PAGE_TOKEN_SECRET',
    'OTEL_EXPORTER_OTLP_METRICS_ENDPOINT',
    'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT',
    'OTEL_EXPORTER_OTLP_ENDPOINT',
  ]);
});

describe('docs/configuration.md', () => {
  test('is in step with the table (if not: `npm run config -- --write-docs`)', async () => {
    const document = await readFile(join(root, 'docs/configuration.md'), 'utf8');
    expect(document).toBe(withSettingsTable(document));
  });

  test('shows faults and warnings as they are printed', async () => {
    const document = await readFile(join(root, 'docs/configuration.md'), 'utf8');
    const parsed = parseConfig({ DATABASE_POOL_SIZE: '10abc', REDIS_SLOW_MS: '5s', REDIS_TIMEOUT: '100' });
    expect(document).toContain(parsed.ok ? 'faults' : renderFaults(parsed.faults));
    expect(document).toContain(renderWarnings(parsed.warnings));
  });

  test('is refused without its markers', () => {
    expect(() => withSettingsTable('# Configuration')).toThrow('<!-- begin of the generated table');
  });
});

test('one file reads the environment', async () => {
  const files = (await readdir(join(root, 'src'), { recursive: true }))
    .filter((file) => file.endsWith('.ts'))
    // It hands the environment on to the programs that it starts, and takes no setting from it.
    .filter((file) => !file.startsWith('embedded'));
  const sources = await Promise.all(files.map((file) => readFile(join(root, 'src', file), 'utf8')));
  const readers = files.filter((_, index) => sources[index]?.includes('process.env'));
  expect(readers).toEqual([join('config', 'environment.ts')]);
});
