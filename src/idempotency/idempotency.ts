import type { FileRegistry } from '@bufbuild/protobuf';
import type { Metadata, ServerInterceptingCallInterface, ServerInterceptor, ServiceDefinition } from '@grpc/grpc-js';
import type { Attempt } from './attempt.ts';
import { Coordinator, type CoordinatorOptions } from './coordinator.ts';
import { createInterceptor } from './interceptor.ts';
import { type ProtectedMethod, protectService } from './protected-method.ts';
import type { CallStatus } from './response-metadata.ts';

/** Who everybody is where no caller is authenticated. */
export const ANONYMOUS = 'anonymous';

export interface IdempotencyOptions extends CoordinatorOptions {
  /** The contract with the policies, from readContract. */
  readonly contract: FileRegistry;
  /** Turns any error into the status that is sent; the one place where that happens. */
  readonly toStatus: (error: unknown, requestMetadata: Metadata) => CallStatus;
  /** Who calls; everybody is `anonymous` unless given. */
  readonly principalOf?: (call: ServerInterceptingCallInterface, metadata: Metadata) => string;
}

/**
 * Makes the mutating unary methods of a @grpc/grpc-js server safe to repeat.
 *
 * Protect each service's definition before it is added to the server, and give the server the interceptor as its last one.
 */
export class Idempotency {
  readonly interceptor: ServerInterceptor;
  readonly #options: IdempotencyOptions;
  readonly #coordinator: Coordinator;
  readonly #methods = new Map<string, ProtectedMethod>();
  readonly #attempts = new WeakMap<Metadata, Attempt>();

  constructor(options: IdempotencyOptions) {
    this.#options = options;
    this.#coordinator = new Coordinator(options);
    this.interceptor = createInterceptor({
      coordinator: this.#coordinator,
      methodAt: (path) => this.#methods.get(path),
      principalOf: options.principalOf ?? (() => ANONYMOUS),
      toStatus: options.toStatus,
      onAttempt: (metadata, attempt) => this.#attempts.set(metadata, attempt),
    });
  }

  /**
   * Protects a generated service definition by the policies of its contract.
   * @throws PolicyError that names the method whose policy is missing or wrong
   */
  protect(definition: ServiceDefinition): ServiceDefinition {
    const { definition: protectedDefinition, methods } = protectService(this.#options.contract, definition);
    for (const method of methods) {
      this.#methods.set(method.path, method);
    }
    return protectedDefinition;
  }

  /** The attempt of a running handler, by which it commits its effect and its answer together. */
  attemptOf(call: { readonly metadata: Metadata }): Attempt {
    const attempt = this.#attempts.get(call.metadata);
    if (attempt === undefined) {
      throw new Error(
        'this call has no attempt: its method is not protected, or an interceptor behind ours replaced its metadata',
      );
    }
    return attempt;
  }

  /** How many records this process leads for now: it claims, waits for or runs them. */
  get runsNow(): number {
    return this.#coordinator.runsNow;
  }

  /** Resolves when everything that goes on behind the answers has ended. */
  drained(): Promise<void> {
    return this.#coordinator.drained();
  }
}
