import type { ReflectMessage } from '@bufbuild/protobuf/reflect';
import { type MethodPolicy, PolicyError } from './policy.ts';

const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const DAY_MS = 24 * 60 * MINUTE_MS;

interface DurationBounds {
  readonly leastMs: number;
  readonly mostMs: number;
  readonly defaultMs: number;
}

/** The bounds and defaults that policy.proto states. */
const bounds = {
  time_to_live: { leastMs: SECOND_MS, mostMs: 30 * DAY_MS, defaultMs: DAY_MS },
  lease: { leastMs: SECOND_MS, mostMs: MINUTE_MS, defaultMs: 5 * SECOND_MS },
  longest_wait: { leastMs: 0, mostMs: 5 * MINUTE_MS, defaultMs: 30 * SECOND_MS },
} as const satisfies Record<string, DurationBounds>;

/** KEY_REQUIREMENT_REQUIRED and EXPIRED_KEY_NEW of policy.proto. */
const KEY_REQUIRED = 2;
const EXPIRED_KEY_NEW = 2;

/**
 * Reads a policy and fills in its defaults.
 * @param name the method's, for messages
 * @throws PolicyError if a value is out of bounds
 */
export function policyFrom(option: ReflectMessage, name: string): MethodPolicy {
  return Object.freeze({
    keyRequired: enumValue(option, 'key') === KEY_REQUIRED,
    timeToLiveMs: durationMs(option, 'time_to_live', name),
    leaseMs: durationMs(option, 'lease', name),
    longestWaitMs: durationMs(option, 'longest_wait', name),
    expiredKeyIsNew: enumValue(option, 'expired_key') === EXPIRED_KEY_NEW,
    fingerprintExclusions: texts(option, 'fingerprint_exclusions'),
  });
}

function enumValue(option: ReflectMessage, name: string): number {
  const field = fieldNamed(option, name);
  if (field.fieldKind !== 'enum') {
    throw new PolicyError(`The field ${name} of ${option.desc.typeName} is no enum.`);
  }
  return option.get(field);
}

function texts(option: ReflectMessage, name: string): readonly string[] {
  const field = fieldNamed(option, name);
  if (field.fieldKind !== 'list') {
    throw new PolicyError(`The field ${name} of ${option.desc.typeName} is no list.`);
  }
  return [...option.get(field)].map(String);
}

function durationMs(option: ReflectMessage, name: keyof typeof bounds, methodName: string): number {
  const { leastMs, mostMs, defaultMs } = bounds[name];
  const field = fieldNamed(option, name);
  if (field.fieldKind !== 'message') {
    throw new PolicyError(`The field ${name} of ${option.desc.typeName} is no message.`);
  }
  if (!option.isSet(field)) {
    return defaultMs;
  }
  const duration = option.get(field);
  const seconds = scalar(duration, 'seconds');
  const nanos = scalar(duration, 'nanos');
  const valueMs = Number(seconds) * SECOND_MS + Number(nanos) / 1e6;
  if (valueMs < leastMs || valueMs > mostMs) {
    throw new PolicyError(
      `The policy of ${methodName} has ${name} = ${valueMs} ms; it must be ${leastMs} to ${mostMs} ms.`,
    );
  }
  return Math.round(valueMs);
}

function scalar(message: ReflectMessage, name: string): unknown {
  return message.get(fieldNamed(message, name));
}

function fieldNamed(message: ReflectMessage, name: string) {
  const field = message.desc.fields.find((candidate) => candidate.name === name);
  if (field === undefined) {
    throw new PolicyError(`${message.desc.typeName} has no field ${name}: the contract is older than this library.`);
  }
  return field;
}
