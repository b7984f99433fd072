import type { Server } from '@grpc/grpc-js';
import { HealthImplementation } from 'grpc-health-check';

/** The services whose health is told, beside the server as a whole, whose name is empty. */
const services = ['', 'orders.v1.OrderService', 'idempotency.v1.IdempotencyService'] as const;

/** What the service stands on: its health says why the service is slower, or will be NOT_SERVING soon. Nobody is to be sent elsewhere for it. */
const stores = ['redis', 'postgresql'] as const;

type Status = 'SERVING' | 'NOT_SERVING';

/**
 * grpc.health.v1. The service is in good health as long as it can give right answers, also without Redis; it is not once the
 * database has been away for longer than a grace time.
 */
export class Health {
  readonly #implementation = new HealthImplementation(statusOfAll('NOT_SERVING'));
  readonly #graceMs: number;
  #grace: NodeJS.Timeout | undefined;
  #status: Status = 'NOT_SERVING';
  #isDraining = false;

  constructor(graceMs: number) {
    this.#graceMs = graceMs;
  }

  addTo(server: Server): void {
    this.#implementation.addToServer(server);
  }

  databaseUp(): void {
    this.#implementation.setStatus('postgresql', 'SERVING');
    clearTimeout(this.#grace);
    this.#grace = undefined;
    this.#set('SERVING');
  }

  databaseDown(): void {
    this.#implementation.setStatus('postgresql', 'NOT_SERVING');
    this.#grace ??= setTimeout(() => this.#set('NOT_SERVING'), this.#graceMs).unref();
  }

  redis(isAvailable: boolean): void {
    this.#implementation.setStatus('redis', isAvailable ? 'SERVING' : 'NOT_SERVING');
  }

  /** From now on, callers are told to go elsewhere. */
  drain(): void {
    this.#set('NOT_SERVING');
    this.#isDraining = true;
    clearTimeout(this.#grace);
  }

  #set(status: Status): void {
    if (!this.#isDraining && status !== this.#status) {
      this.#status = status;
      for (const service of services) {
        this.#implementation.setStatus(service, status);
      }
    }
  }
}

function statusOfAll(status: Status) {
  return Object.fromEntries([...services, ...stores].map((service) => [service, status] as const));
}
