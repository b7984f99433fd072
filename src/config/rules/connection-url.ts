import { z } from 'zod';
import type { Rule } from '../setting.ts';

interface Trouble {
  readonly problem: string;
  readonly remedy?: string;
}

/** The URL of a PostgreSQL database, kept as it was written. */
export function postgresUrl(): Rule<string> {
  return connectionUrl({
    scheme: /^postgres(?:ql)?:\/\//i,
    schemes: 'postgres:// or postgresql://',
    expected: 'postgres://user:password@host:port/database',
    troubleOfPath: (path) =>
      /^\/[^/]+$/.test(path)
        ? undefined
        : { problem: 'names no database', remedy: 'end it with / and the name of the database' },
  });
}

/** The URL of a Redis server, kept as it was written. */
export function redisUrl(): Rule<string> {
  return connectionUrl({
    scheme: /^rediss?:\/\//i,
    schemes: 'redis:// or rediss://',
    expected: 'redis://user:password@host:port/number (rediss:// for TLS)',
    troubleOfPath: (path) =>
      /^(?:\/[0-9]{0,5})?$/.test(path) ? undefined : { problem: 'has a path that is not the number of a database' },
  });
}

/** Where a collector of OpenTelemetry listens, kept as it was written. */
export function collectorUrl(): Rule<string> {
  return connectionUrl({
    scheme: /^https?:\/\//i,
    schemes: 'http:// or https://',
    expected: 'http://host:port or https://host:port',
    troubleOfPath: () => undefined,
  });
}

interface Kind {
  readonly scheme: RegExp;
  readonly schemes: string;
  readonly expected: string;
  readonly troubleOfPath: (path: string) => Trouble | undefined;
}

function connectionUrl(kind: Kind): Rule<string> {
  return {
    schema: z.string().superRefine((text, context) => {
      const trouble = troubleOf(text, kind);
      if (trouble !== undefined) context.addIssue({ code: 'custom', message: trouble.problem });
    }),
    expected: kind.expected,
    unit: '',
    secrecy: 'passwordInUrl',
    remedyFor: (refused) => troubleOf(refused, kind)?.remedy,
  };
}

function troubleOf(text: string, kind: Kind): Trouble | undefined {
  if (!kind.scheme.test(text)) return { problem: `does not begin with ${kind.schemes}` };
  if (isAmbiguous(text)) {
    return {
      problem: 'has a special character in the user name or password that reads as the end of it',
      remedy: 'write @ as %40, / as %2F, ? as %3F and # as %23',
    };
  }
  const url = URL.parse(text);
  if (url === null) return { problem: 'is not a URL' };
  if (url.hostname === '') return { problem: 'names no host' };
  if (url.port === '0') return { problem: 'has port 0' };
  if (![url.username, url.password, url.hostname, url.pathname].every(isDecodable)) {
    return { problem: 'has a % that does not begin an escape', remedy: 'write % as %25' };
  }
  return kind.troubleOfPath(url.pathname);
}

/** Whether a URL has an @ behind its host, or a fragment: almost always a password that was not escaped. */
export function isAmbiguous(url: string): boolean {
  const [, behindAuthority = ''] = /^[^:]*:\/\/[^/?#]*(.*)$/s.exec(url) ?? [];
  return /[@#]/.test(behindAuthority);
}

function isDecodable(part: string): boolean {
  try {
    decodeURIComponent(part);
    return true;
  } catch {
    return false;
  }
}
