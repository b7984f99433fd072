import { Type } from '@mikro-orm/core';

/** Labels as a jsonb object in the database and a Map in the code, where a key like `__proto__` is a key like any other. */
export class LabelsType extends Type<ReadonlyMap<string, string>, string> {
  override convertToDatabaseValue(labels: ReadonlyMap<string, string>): string {
    return labelsToJson(labels);
  }

  override convertToJSValue(value: unknown): ReadonlyMap<string, string> {
    const object: unknown = typeof value === 'string' ? JSON.parse(value) : value;
    return new Map(Object.entries(object ?? {}).map(([key, label]) => [key, String(label)]));
  }

  override getColumnType(): string {
    return 'jsonb';
  }

  override compareAsType(): string {
    return 'string';
  }
}

export function labelsToJson(labels: ReadonlyMap<string, string>): string {
  // fromEntries defines properties of its own, also for the name `__proto__`.
  return JSON.stringify(Object.fromEntries(labels));
}
