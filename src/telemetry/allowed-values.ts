import type { Attributes } from '@opentelemetry/api';
import {
  type AttributeRule,
  type Instrument,
  type InstrumentKey,
  instrumentKeys,
  instruments,
  statusNames,
} from './instruments.ts';

/** What stands for a value that the table of instruments does not have, by the name that OpenTelemetry's conventions give it. */
export const OTHER = '_OTHER';

/** The methods of the contract, as `/package.Service/Method`. */
export interface Methods {
  readonly all: Iterable<string>;
  /** Those that change something. */
  readonly mutations: Iterable<string>;
}

/** Keeps attributes to what the table of instruments, and the contract, have: whoever chooses other values makes no new series. */
export class AllowedValues {
  readonly #values: ReadonlyMap<InstrumentKey, readonly (readonly [name: string, values: ReadonlySet<string>])[]>;

  constructor({ all, mutations }: Methods) {
    const named = {
      method: new Set(Array.from(all, nameOf)),
      mutation: new Set(Array.from(mutations, nameOf)),
      status: new Set(statusNames),
    };
    const setOf = (rule: AttributeRule) => (typeof rule === 'string' ? named[rule] : new Set(rule));
    this.#values = new Map(
      instrumentKeys.map((key) => {
        const { attributes = {} }: Instrument = instruments[key];
        return [key, Object.entries(attributes).map(([name, rule]) => [name, setOf(rule)] as const)];
      }),
    );
  }

  of(key: InstrumentKey, given: Readonly<Record<string, string>>): Attributes {
    const attributes: Attributes = {};
    for (const [name, values] of this.#values.get(key) ?? []) {
      const value = nameOf(given[name] ?? '');
      attributes[name] = values.has(value) ? value : OTHER;
    }
    return attributes;
  }

  /** All attributes that an instrument may have, in every combination. */
  combinations(key: InstrumentKey): readonly Attributes[] {
    let combinations: readonly Attributes[] = [{}];
    for (const [name, values] of this.#values.get(key) ?? []) {
      combinations = combinations.flatMap((attributes) =>
        Array.from(values, (value) => ({ ...attributes, [name]: value })),
      );
    }
    return combinations;
  }
}

/** Methods are named without the slash in front, as OpenTelemetry's conventions want it. */
function nameOf(value: string): string {
  return value.startsWith('/') ? value.slice(1) : value;
}
