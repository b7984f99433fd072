/** What a simulation is to be like. Shares are from 0 to 1. */
export interface SimulationOptions {
  /** New orders a second, whatever becomes of those before. */
  readonly rate: number;
  readonly seconds: number;
  /** Of calls that are repeated with the same key. */
  readonly duplicates: number;
  /** Of orders that are cancelled. */
  readonly cancels: number;
  /** Of calls whose connection is cut, and of steps that go wrong outside. */
  readonly faults: number;
  /** Of orders that are watched. */
  readonly watches: number;
  readonly workers: number;
  /** Undefined: workers are left alone. */
  readonly killWorkersEverySeconds: number | undefined;
  readonly redisRestarts: number;
  /** Everything random comes from it. */
  readonly seed: string;
  /** A service that runs already; undefined: one of the simulator's own. */
  readonly target: Target | undefined;
}

export interface Target {
  readonly host: string;
  readonly port: number;
}

/** A value cannot be used. The message says what would do. */
export class OptionFault extends Error {
  override readonly name = 'OptionFault';
}

/** Reads a whole number. @throws OptionFault */
export function wholeNumber(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = /^[0-9]{1,9}$/.test(text) ? Number(text) : Number.NaN;
    if (value >= min && value <= max) {
      return value;
    }
    throw new OptionFault(`it must be a whole number from ${min} to ${max}`);
  };
}

/** Reads a share. @throws OptionFault */
export function share(text: string): number {
  const value = /^(?:[0-9]+\.?[0-9]*|\.[0-9]+)$/.test(text) ? Number(text) : Number.NaN;
  if (value >= 0 && value <= 1) {
    return value;
  }
  throw new OptionFault('it must be a share from 0 to 1, for instance 0.3');
}

/** Reads `host:port`, an IPv6 address in brackets. @throws OptionFault */
export function target(text: string): Target {
  const [, bracketed, plain, digits] = /^(?:\[([^\]]+)\]|([^:[\]]+)):([0-9]{1,5})$/.exec(text) ?? [];
  const host = bracketed ?? plain;
  const port = Number(digits);
  if (host !== undefined && port >= 1 && port <= 65_535) {
    return { host, port };
  }
  throw new OptionFault('it must be host:port, with an IPv6 address in brackets and a port from 1 to 65535');
}

/** Reads a seed: any short text. @throws OptionFault */
export function seed(text: string): string {
  if (/^[A-Za-z0-9_.-]{1,32}$/.test(text)) {
    return text;
  }
  throw new OptionFault('it must have 1 to 32 of A-Z, a-z, 0-9, _, . and -');
}
