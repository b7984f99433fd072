import type { FileRegistry } from '@bufbuild/protobuf';
import type { Metadata, ServerInterceptingCallInterface, ServerInterceptor, ServiceDefinition } from '@grpc/grpc-js';
import type { Attempt } from './attempt.ts';
import type { CallTrace } from './call-trace.ts';
import { Coordinator, type CoordinatorOptions } from './coordinator.ts';
import { createInterceptor } from './interceptor.ts';
import { ownProcess } from './own-process.ts';
import type { MethodPolicy } from './policy.ts';
import { type ProtectedMethod, protectService } from './protected-method.ts';
import type { CallStatus } from './response-metadata.ts';
import type { RunningCall } from './running/running-call.ts';

/** Who everybody is where no caller is authenticated. */
export const ANONYMOUS = 'anonymous';

export interface IdempotencyOptions extends CoordinatorOptions {
  /** The contract with the policies, from readContract. */
  readonly contract: FileRegistry;
  /** Turns any error into the status that is sent; the one place where that happens. */
  readonly toStatus: (error: unknown, requestMetadata: Metadata) => CallStatus;
  /** The server ends a call after this, whatever its deadline is; never, unless given. Waiters are answered before. */
  readonly callLimitMs?: number;
  /** Who calls; everybody is `anonymous` unless given. */
  readonly principalOf?: (call: ServerInterceptingCallInterface, metadata: Metadata) => string;
  /** What names a call in logs, from its metadata; nothing unless given. */
  readonly labelsOf?: (metadata: Metadata) => Readonly<Record<string, string>>;
  /** The trace of a call, by its metadata; none has one unless given. */
  readonly traceOf?: (metadata: Metadata) => CallTrace | undefined;
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
  readonly #reads = new WeakMap<Metadata, ServerInterceptingCallInterface>();

  constructor(options: IdempotencyOptions) {
    this.#options = options;
    this.#coordinator = new Coordinator(options);
    this.interceptor = createInterceptor({
      coordinator: this.#coordinator,
      methodAt: (path) => this.#methods.get(path),
      principalOf: options.principalOf ?? (() => ANONYMOUS),
      labelsOf: options.labelsOf ?? (() => ({})),
      traceOf: options.traceOf ?? (() => undefined),
      toStatus: options.toStatus,
      handlerLimitMs: options.handlerLimitMs,
      callLimitMs: options.callLimitMs ?? Number.POSITIVE_INFINITY,
      onAttempt: (metadata, attempt) => this.#attempts.set(metadata, attempt),
      onRead: (metadata, call) => this.#reads.set(metadata, call),
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

  /** Who calls a read of a protected service: the principal under whom the same caller's mutations are recorded (P9). */
  principalOf({ metadata }: { readonly metadata: Metadata }): string {
    const call = this.#reads.get(metadata);
    if (call === undefined) {
      throw new Error(
        'this call is no read of a protected service, or an interceptor behind ours replaced its metadata',
      );
    }
    return this.#options.principalOf?.(call, metadata) ?? ANONYMOUS;
  }

  /** The policies of the methods that are protected, by their full names. */
  policies(): ReadonlyMap<string, MethodPolicy> {
    const policies = new Map<string, MethodPolicy>();
    for (const { path, rule } of this.#methods.values()) {
      if (rule.kind === 'mutation') {
        policies.set(path, rule.policy);
      }
    }
    return policies;
  }

  /** The calls whose handlers run in this process. */
  runningCalls(): readonly RunningCall[] {
    const nowMs = performance.now();
    const { host, processId } = ownProcess();
    return this.#coordinator.executing().map(({ record, executingSinceMs }) => ({
      id: record.id,
      principal: record.principal,
      method: record.method,
      key: record.key.value,
      fingerprint: record.fingerprint,
      owner: { host, processId },
      ageMs: Math.round(nowMs - executingSinceMs),
    }));
  }

  /** How many records this process leads for now: it claims, waits for or runs them. */
  get runsNow(): number {
    return this.#coordinator.runsNow;
  }

  /** How many handlers run now. */
  get runningNow(): number {
    return this.#coordinator.executing().length;
  }

  /** How many calls wait now for another attempt of their record. */
  get waitersNow(): number {
    return this.#coordinator.waitersNow;
  }

  /** How long the oldest of the running handlers has run; 0 if none does. */
  get oldestRunMs(): number {
    const since = this.#coordinator.executing().map(({ executingSinceMs }) => executingSinceMs);
    return since.length === 0 ? 0 : performance.now() - Math.min(...since);
  }

  /** Resolves when everything that goes on behind the answers has ended. */
  drained(): Promise<void> {
    return this.#coordinator.drained();
  }
}
