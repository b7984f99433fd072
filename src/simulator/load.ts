import { setTimeout as sleep } from 'node:timers/promises';
import { beCustomer, type CustomerDependencies } from './customer.ts';
import type { SimulationOptions } from './options.ts';
import { planOrder } from './order-plan.ts';

const TICK_MS = 10;

/** Customers who come at a fixed rate, however slow the service is, and stay until they have their answers. */
export class Load {
  readonly #options: SimulationOptions;
  readonly #run: string;
  readonly #dependencies: CustomerDependencies;
  readonly #customers = new Set<Promise<void>>();
  #come = 0;
  #fault: unknown;

  /** @param run what the keys of this run begin with */
  constructor(run: string, options: SimulationOptions, dependencies: CustomerDependencies) {
    this.#run = run;
    this.#options = options;
    this.#dependencies = dependencies;
  }

  /** How many customers have come. */
  get come(): number {
    return this.#come;
  }

  /** How many wait for something. */
  get present(): number {
    return this.#customers.size;
  }

  /** Lets customers come until the time is over or the load is ended. */
  async generate(): Promise<void> {
    const { rate, seconds } = this.#options;
    const { loadEnd } = this.#dependencies;
    const beganAtMs = performance.now();
    const total = rate * seconds;
    while (this.#come < total && !loadEnd.aborted) {
      const due = Math.min(total, Math.floor(((performance.now() - beganAtMs) / 1_000) * rate) + 1);
      while (this.#come < due) {
        this.#admit(++this.#come);
      }
      await sleep(TICK_MS, undefined, { signal: loadEnd }).catch(() => {});
    }
  }

  /** Waits until all have what they came for. @throws what went wrong in the simulator itself */
  async finish(): Promise<void> {
    while (this.#customers.size > 0) {
      await Promise.all(this.#customers);
    }
    if (this.#fault !== undefined) {
      throw this.#fault;
    }
  }

  #admit(number: number): void {
    const plan = planOrder(number, this.#run, this.#options);
    const customer = beCustomer(plan, this.#dependencies)
      .catch((error: unknown) => {
        this.#fault ??= error;
      })
      .then(() => void this.#customers.delete(customer));
    this.#customers.add(customer);
  }
}
