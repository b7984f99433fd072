import {
  createFileRegistry,
  type DescMethod,
  type FileRegistry,
  fromBinary,
  getOption,
  hasOption,
  isMessage,
} from '@bufbuild/protobuf';
import { reflect } from '@bufbuild/protobuf/reflect';
import { FileDescriptorSetSchema, MethodOptions_IdempotencyLevel } from '@bufbuild/protobuf/wkt';
import { type MethodPolicy, PolicyError } from './policy.ts';
import { policyFrom } from './policy-rules.ts';

const POLICY_OPTION = 'idempotency.v1.policy';

/** How a method is to be treated: a read passes untouched, a mutation is protected by its policy. */
export type MethodRule = { readonly kind: 'read' } | { readonly kind: 'mutation'; readonly policy: MethodPolicy };

/** Reads a contract from a FileDescriptorSet, as `buf build` writes it. */
export function readContract(fileDescriptorSet: Uint8Array): FileRegistry {
  return createFileRegistry(fromBinary(FileDescriptorSetSchema, fileDescriptorSet));
}

/** The full names of a contract's methods, `/package.Service/Method`. */
export interface ContractMethods {
  readonly all: readonly string[];
  /** Those that have a policy. */
  readonly mutations: readonly string[];
}

export function contractMethods(contract: FileRegistry): ContractMethods {
  const option = contract.getExtension(POLICY_OPTION);
  const methods = Array.from(contract.files, ({ services }) => services.flatMap((service) => service.methods)).flat();
  const pathOf = ({ parent, name }: DescMethod) => `/${parent.typeName}/${name}`;
  return {
    all: methods.map(pathOf),
    mutations: methods.filter((method) => option !== undefined && hasOption(method, option)).map(pathOf),
  };
}

/** The policy of a mutating method, named `/package.Service/Method`. @throws PolicyError if there is no such method, or it has none */
export function requirePolicy(contract: FileRegistry, path: string): MethodPolicy {
  const method = findMethod(contract, path);
  const rule = method && methodRule(contract, method);
  if (rule?.kind !== 'mutation') {
    throw new PolicyError(`The contract has no mutating method ${path}.`);
  }
  return rule.policy;
}

/** A method by its full name, `/package.Service/Method`. */
export function findMethod(contract: FileRegistry, path: string): DescMethod | undefined {
  const [, serviceName = '', methodName = ''] = path.split('/');
  return contract.getService(serviceName)?.methods.find(({ name }) => name === methodName);
}

/**
 * Reads from the contract how a method is to be treated.
 * @throws PolicyError, which names the method: a mutating method without a policy, a read or a stream with one, a policy out
 * of bounds
 */
export function methodRule(contract: FileRegistry, method: DescMethod): MethodRule {
  const name = `${method.parent.typeName}.${method.name}`;
  const option = contract.getExtension(POLICY_OPTION);
  const hasPolicy = option !== undefined && hasOption(method, option);
  const isRead = method.idempotency === MethodOptions_IdempotencyLevel.NO_SIDE_EFFECTS;
  if (!hasPolicy) {
    if (isRead || method.methodKind !== 'unary') {
      return { kind: 'read' };
    }
    throw new PolicyError(
      `${name} has no policy. Give it option (${POLICY_OPTION}), or, if it changes nothing, ` +
        'option idempotency_level = NO_SIDE_EFFECTS.',
    );
  }
  if (method.methodKind !== 'unary') {
    throw new PolicyError(
      `${name} is a stream and has a policy: only unary methods can be repeated. Take the option away.`,
    );
  }
  if (isRead) {
    throw new PolicyError(`${name} is marked NO_SIDE_EFFECTS and has a policy. Take one of the two away.`);
  }
  const value = getOption(method, option);
  if (!isMessage(value) || option.message === undefined) {
    throw new PolicyError(`The option ${POLICY_OPTION} of ${name} is no message.`);
  }
  return { kind: 'mutation', policy: policyFrom(reflect(option.message, value), name) };
}
