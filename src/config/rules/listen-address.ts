import { isIPv4, isIPv6 } from 'node:net';
import { z } from 'zod';
import type { Rule } from '../setting.ts';

/** Where to listen. */
export interface ListenAddress {
  /** As `net.Server.listen` takes it: an IPv6 address has no brackets. */
  readonly host: string;
  /** 0 lets the system choose a free port. */
  readonly port: number;
  /** As gRPC takes it: `host:port`, an IPv6 address in brackets. */
  readonly authority: string;
}

/** `host:port`, an IPv6 address in brackets. */
export function listenAddress(): Rule<ListenAddress> {
  return {
    schema: z.string().transform(parse),
    expected: 'host:port, with an IPv6 address in brackets and a port from 0 to 65535 (0: any free port)',
    unit: '',
    secrecy: 'open',
    remedyFor,
  };
}

function parse(text: string, context: z.RefinementCtx<string>): ListenAddress {
  const [, bracketed, plain, digits] = /^(?:\[([^\]]*)\]|([^:[\]]*)):([0-9]+)$/.exec(text) ?? [];
  const host = bracketed ?? plain;
  const port = Number(digits);
  const problem =
    host === undefined ? 'is not host:port' : (problemOfHost(host, bracketed !== undefined) ?? problemOfPort(port));
  if (host === undefined || problem !== undefined) {
    context.addIssue({ code: 'custom', message: problem ?? 'is not host:port' });
    return z.NEVER;
  }
  return Object.freeze({ host, port, authority: text });
}

function problemOfHost(host: string, isBracketed: boolean): string | undefined {
  if (isBracketed) return isIPv6(host) ? undefined : 'has something in brackets that is not an IPv6 address';
  if (host === '') return 'names no host';
  // Digits and dots are an IPv4 address or a mistake: a resolver would look '256.0.0.1' up as a name.
  if (/^[0-9.]+$/.test(host)) return isIPv4(host) ? undefined : 'has a host that is not an IPv4 address';
  const isName =
    host.length <= 253 && host.split('.').every((label) => /^[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?$/i.test(label));
  return isName ? undefined : 'has a host that is neither a name nor an address';
}

function problemOfPort(port: number): string | undefined {
  return port <= 65_535 ? undefined : 'has a port above 65535';
}

function remedyFor(refused: string): string | undefined {
  if (/^:?[0-9]{1,5}$/.test(refused)) {
    const port = refused.replace(':', '');
    return `write 127.0.0.1:${port} for this machine only, or 0.0.0.0:${port} for every network`;
  }
  const [, address, port] = /^(.*):([0-9]{1,5})$/.exec(refused) ?? [];
  return address !== undefined && isIPv6(address) ? `write [${address}]:${port}` : undefined;
}
