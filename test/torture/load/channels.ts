import { Client, credentials } from '@grpc/grpc-js';
import { loopback } from '../../../src/embedded/port.ts';
import type { Dice } from '../../../src/simulator/dice.ts';
import type { Stage } from '../stage/stage.ts';

/** A way to call. */
export interface Channel {
  /** The server at its end, or `both`. */
  readonly server: string;
  readonly client: Client;
}

/** The connections of one caller: its own to each server, and to the proxy that doubles calls. */
export class Channels implements Disposable {
  readonly #servers: readonly [Channel, ...Channel[]];
  readonly both: Channel;

  constructor({ posts, duplicating }: Stage) {
    const [first, ...others] = posts;
    const channelTo = ({ slot, fromClients }: Stage['posts'][number]) => openChannel(slot.name, fromClients.port);
    this.#servers = [channelTo(first), ...others.map(channelTo)];
    this.both = openChannel('both', duplicating.port);
  }

  pick(dice: Dice): Channel {
    return dice.pick(this.#servers);
  }

  /** Two servers, as different as there are. */
  pickTwo(dice: Dice): readonly [Channel, Channel] {
    const one = dice.pick(this.#servers);
    const [first, ...others] = this.#servers.filter((channel) => channel !== one);
    return [one, first === undefined ? one : dice.pick([first, ...others])];
  }

  [Symbol.dispose](): void {
    for (const { client } of [...this.#servers, this.both]) {
      client.close();
    }
  }
}

function openChannel(server: string, port: number): Channel {
  const client = new Client(`${loopback}:${port}`, credentials.createInsecure(), {
    // Callers retry by themselves, and connect anew at once.
    'grpc.enable_retries': 0,
    'grpc.use_local_subchannel_pool': 1,
    'grpc.initial_reconnect_backoff_ms': 50,
    'grpc.min_reconnect_backoff_ms': 50,
    'grpc.max_reconnect_backoff_ms': 500,
  });
  return { server, client };
}
