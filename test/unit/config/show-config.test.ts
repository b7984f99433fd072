import { describe, expect, test } from '@jest/globals';
import { showConfig } from '../../../src/config/show-config.ts';

describe('the command that shows the configuration', () => {
  test('prints the settings and has nothing to complain of', () => {
    const shown = showConfig({}, { format: 'text', widthColumns: 80 });
    expect(shown).toMatchObject({ complaints: '', exitCode: 0 });
    expect(shown.output).toContain('GRPC_LISTEN = 127.0.0.1:50051 (default)');
  });

  test('prints the settings although some are wrong, and says which', () => {
    const shown = showConfig({ LOG_LEVEL: 'loud', REDIS_URI: 'redis://cache' }, { format: 'text', widthColumns: 80 });
    expect(shown.exitCode).toBe(1);
    expect(shown.output).toContain('LOG_LEVEL = loud (environment; default info)');
    expect(shown.complaints).toContain('REDIS_URI is not a setting');
    expect(shown.complaints).toContain('LOG_LEVEL = "loud" is not one of');
  });

  test('prints one JSON value for programs', () => {
    const shown = showConfig({ LOG_LEVEL: 'loud', REDIS_URI: 'x' }, { format: 'json', widthColumns: 80 });
    expect(JSON.parse(shown.output)).toMatchObject({
      settings: expect.arrayContaining([expect.objectContaining({ variable: 'LOG_LEVEL', value: 'loud' })]),
      faults: [{ variable: 'LOG_LEVEL' }],
      warnings: [{ variable: 'REDIS_URI' }],
    });
  });
});
