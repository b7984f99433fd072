import type { Client, MethodDefinition, ServiceError } from '@grpc/grpc-js';
import { service } from 'grpc-health-check';
import { z } from 'zod';
import type { CallResult } from '../../support/unary-call.ts';
import { unaryCall } from '../../support/unary-call.ts';

const answerRule = z.object({ status: z.string() });

function methodNamed(name: string): MethodDefinition<object, object> {
  const method = service[name];
  if (method === undefined) throw new Error(`grpc.health.v1.Health has no method ${name}`);
  return method;
}

function statusIn(bytes: Buffer): string {
  return answerRule.parse(methodNamed('Check').responseDeserialize(bytes)).status;
}

/** Asks once for the health of a service; the empty name is the server's. */
export async function checkHealth(client: Client, name: string): Promise<{ result: CallResult; health?: string }> {
  const result = await unaryCall(client, methodNamed('Check'), { service: name });
  return { result, ...(result.response && { health: statusIn(result.response) }) };
}

/** A watch over the health of a service. */
export interface HealthWatch {
  /** What it was told so far. */
  readonly seen: readonly string[];
  /** Resolves when it was told so many things. */
  told(count: number): Promise<void>;
  /** Resolves with the reason why the watch ended. */
  readonly ended: Promise<ServiceError>;
  cancel(): void;
}

export function watchHealth(client: Client, name: string): HealthWatch {
  const { path, requestSerialize } = methodNamed('Watch');
  const stream = client.makeServerStreamRequest(path, requestSerialize, statusIn, { service: name });
  const seen: string[] = [];
  const listeners = new Set<() => void>();
  stream.on('data', (health: string) => {
    seen.push(health);
    for (const listener of listeners) listener();
  });
  const ended = new Promise<ServiceError>((resolve) => stream.on('error', resolve));
  return {
    seen,
    told: (count) =>
      new Promise((resolve) => {
        const listener = () => {
          if (seen.length < count) return;
          listeners.delete(listener);
          resolve();
        };
        listeners.add(listener);
        listener();
      }),
    ended,
    cancel: () => stream.cancel(),
  };
}
