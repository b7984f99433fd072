import type { FileRegistry } from '@bufbuild/protobuf';
import type { MethodDefinition, ServiceDefinition } from '@grpc/grpc-js';
import { type Canonicalizer, createCanonicalizer } from './canonical/canonicalizer.ts';
import { findMethod, type MethodRule, methodRule } from './contract.ts';
import type { ResponseEncoder } from './encode-response.ts';
import { IdempotencyError } from './errors.ts';
import { PolicyError } from './policy.ts';
import { toBuffer } from './to-buffer.ts';

type AnyMethod = MethodDefinition<unknown, unknown>;

/** A request as it came over the wire, strictly read before any handler sees it. */
export type WireRequest =
  | { readonly kind: 'whole'; readonly fingerprinted: Uint8Array }
  | { readonly kind: 'malformed'; readonly error: IdempotencyError };

/** A method of a protected service, as the interceptor needs it. */
export interface ProtectedMethod {
  /** The method's full name, `/package.Service/Method`. */
  readonly path: string;
  readonly rule: MethodRule;
  /** Whether it answers with a stream, which has no outcome to keep. */
  readonly isStream: boolean;
  readonly encodeResponse: ResponseEncoder;
  /** The wire form of a message that this method's definition has deserialized. */
  wireRequestOf(message: unknown): WireRequest | undefined;
}

/** A service definition whose requests are read strictly, and whose unary methods can send answers that are encoded already. */
export interface ProtectedService {
  readonly definition: ServiceDefinition;
  readonly methods: readonly ProtectedMethod[];
}

/**
 * Protects a generated service definition by the policies of its contract.
 * @throws PolicyError if the contract has no such service or method, or a policy is wrong
 */
export function protectService(contract: FileRegistry, definition: ServiceDefinition): ProtectedService {
  const methods: ProtectedMethod[] = [];
  const protectedDefinition: Record<string, AnyMethod> = {};
  for (const [name, method] of Object.entries(definition)) {
    const rule = methodRule(contract, describe(contract, method));
    if (method.requestStream) {
      protectedDefinition[name] = method;
      continue;
    }
    const canonicalizer = canonicalizerOf(contract, method, rule);
    const wireRequests = new WeakMap<object, WireRequest>();
    protectedDefinition[name] = {
      ...method,
      requestDeserialize: (bytes: Buffer) => readStrictly(method, bytes, canonicalizer, wireRequests),
      responseSerialize: (response: unknown) =>
        Buffer.isBuffer(response) && !method.responseStream ? response : method.responseSerialize(response),
    };
    methods.push({
      path: method.path,
      rule,
      isStream: method.responseStream,
      encodeResponse: (response) => method.responseSerialize(response),
      wireRequestOf: (message) =>
        typeof message === 'object' && message !== null ? wireRequests.get(message) : undefined,
    });
  }
  return { definition: protectedDefinition, methods };
}

/**
 * Reads a request strictly and gives the handler's decoder the canonical bytes, so that decoder and fingerprint cannot
 * disagree. Malformed bytes give an empty message, which no handler sees: a decoder that throws would be answered with
 * INTERNAL by the transport.
 */
function readStrictly(
  method: AnyMethod,
  bytes: Buffer,
  canonicalizer: Canonicalizer,
  wireRequests: WeakMap<object, WireRequest>,
): unknown {
  let decoded: unknown;
  let wireRequest: WireRequest;
  try {
    const { message, fingerprinted } = canonicalizer.canonicalize(bytes);
    decoded = method.requestDeserialize(toBuffer(message));
    wireRequest = { kind: 'whole', fingerprinted };
  } catch (cause) {
    decoded = {};
    wireRequest = { kind: 'malformed', error: malformed(method.path, cause) };
  }
  if (typeof decoded !== 'object' || decoded === null) {
    throw new TypeError(`${method.path} decodes its request to something that is no object`);
  }
  wireRequests.set(decoded, wireRequest);
  return decoded;
}

function malformed(method: string, cause: unknown): IdempotencyError {
  const why = cause instanceof Error && 'reason' in cause ? String(cause.reason) : 'It cannot be decoded.';
  return new IdempotencyError(
    'REQUEST_MALFORMED',
    `The request of ${method} is not one whole protobuf message. ${why}`,
    {
      facts: { method, fault: why },
      cause,
    },
  );
}

function describe(contract: FileRegistry, { path }: AnyMethod) {
  const method = findMethod(contract, path);
  if (method === undefined) {
    throw new PolicyError(
      `The contract has no method ${path}: generate the code and the descriptors anew (npm run generate).`,
    );
  }
  return method;
}

function canonicalizerOf(contract: FileRegistry, method: AnyMethod, rule: MethodRule): Canonicalizer {
  const exclusions = rule.kind === 'mutation' ? rule.policy.fingerprintExclusions : [];
  try {
    return createCanonicalizer(describe(contract, method).input, exclusions);
  } catch (cause) {
    throw new PolicyError(
      `The policy of ${method.path} is wrong: ${cause instanceof Error ? cause.message : String(cause)}`,
      {
        cause,
      },
    );
  }
}
