import { Client, credentials } from '@grpc/grpc-js';
import { CutProxy } from './cut-proxy.ts';
import type { Dice } from './dice.ts';
import type { Target } from './options.ts';

/** A client with a connection of its own, which can be cut. */
export interface Channel {
  readonly client: Client;
  readonly proxy: CutProxy;
}

/**
 * Enough that a connection that is cut takes few other calls along. With few connections a service that has become slow could never
 * end a call again before the next cut.
 */
const CHANNELS = 32;

/** The channels of all customers. */
export class Channels implements AsyncDisposable {
  readonly #channels: readonly [Channel, ...Channel[]];

  private constructor(channels: readonly [Channel, ...Channel[]]) {
    this.#channels = channels;
  }

  static async open(target: Target, onCut: () => void): Promise<Channels> {
    const first = await openChannel(target, onCut);
    const others = await Promise.all(Array.from({ length: CHANNELS - 1 }, () => openChannel(target, onCut)));
    return new Channels([first, ...others]);
  }

  pick(dice: Dice): Channel {
    return dice.pick(this.#channels);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { client, proxy } of this.#channels) {
      client.close();
      await proxy.close();
    }
  }
}

async function openChannel(target: Target, onCut: () => void): Promise<Channel> {
  const proxy = await CutProxy.open(target, onCut);
  const client = new Client(`127.0.0.1:${proxy.port}`, credentials.createInsecure(), {
    // Customers retry by themselves, and connect anew at once.
    'grpc.enable_retries': 0,
    'grpc.use_local_subchannel_pool': 1,
    'grpc.initial_reconnect_backoff_ms': 50,
    'grpc.min_reconnect_backoff_ms': 50,
    'grpc.max_reconnect_backoff_ms': 500,
  });
  return { client, proxy };
}
