import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { loopback } from '../embedded/port.ts';
import { Dice } from './dice.ts';
import type { StepEffects } from './evidence.ts';
import type { SimulationOptions } from './options.ts';

type Effects = StepEffects['effects'][number][];

const SLOW_MS_MIN = 200;
const SLOW_MS_MAX = 1_500;

/**
 * The other systems that steps call: a warehouse and a bank in one. Like theirs its interface takes an idempotency key and does
 * nothing twice under one. Now and then it fails, is slow, or hangs up after it has done what it was asked for.
 */
export class OutsideWorld implements AsyncDisposable {
  readonly #options: Pick<SimulationOptions, 'seed' | 'faults'>;
  readonly #server: Server;
  /** How often a key has come. */
  readonly #keys = new Map<string, number>();
  readonly #done = new Set<string>();
  readonly #effects = new Map<string, StepEffects & { readonly effects: Effects }>();

  private constructor(options: Pick<SimulationOptions, 'seed' | 'faults'>) {
    this.#options = options;
    this.#server = createServer((request, response) => {
      this.#answer(request, response).catch(() => request.socket.destroy());
    });
  }

  static async open(options: Pick<SimulationOptions, 'seed' | 'faults'>): Promise<OutsideWorld> {
    const world = new OutsideWorld(options);
    world.#server.listen(0, loopback);
    await once(world.#server, 'listening');
    return world;
  }

  get url(): string {
    const address = this.#server.address();
    if (address === null || typeof address === 'string') {
      throw new Error('the outside world has no port');
    }
    return `http://${loopback}:${address.port}`;
  }

  get effects(): readonly StepEffects[] {
    return [...this.#effects.values()];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.close();
    this.#server.closeAllConnections();
    await once(this.#server, 'close');
  }

  /** `POST /<order>/<step>` does something, `DELETE` takes it back. */
  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = '', url = '', headers } = request;
    const [, orderId = '', step = ''] = url.split('/');
    const key = String(headers['idempotency-key']);
    request.resume();
    const times = (this.#keys.get(key) ?? 0) + 1;
    this.#keys.set(key, times);
    const dice = new Dice(this.#options.seed, 'outside', key, times);
    const mischief = dice.chance(this.#options.faults) ? dice.pick(['fails', 'isSlow', 'hangsUp']) : undefined;
    if (mischief === 'fails') {
      response.writeHead(503).end();
      return;
    }
    this.#doOnce(orderId, step, key, method === 'DELETE' ? 'undone' : 'done');
    if (mischief === 'hangsUp') {
      request.socket.destroy();
      return;
    }
    if (mischief === 'isSlow') {
      await sleep(dice.between(SLOW_MS_MIN, SLOW_MS_MAX), undefined, { ref: false });
    }
    response.writeHead(204).end();
  }

  #doOnce(orderId: string, step: string, key: string, kind: Effects[number]['kind']): void {
    if (this.#done.has(key)) {
      return;
    }
    this.#done.add(key);
    const name = `${orderId}/${step}`;
    const known = this.#effects.get(name) ?? { orderId, step, effects: [] };
    known.effects.push({ kind, key });
    this.#effects.set(name, known);
  }
}
