import type { Target } from './options.ts';
import type { OutsideWorld } from './outside-world.ts';
import type { OwnRedis } from './own-redis.ts';
import type { WorkerCrew } from './worker-crew.ts';

/** Where a simulation takes place. */
export interface Stage {
  readonly target: Target;
  readonly databaseUrl: string;
  readonly redisUrl: string;
  /** The name of the stream of events. */
  readonly stream: string;
  /** What is the simulator's own, and may be broken; undefined with a service that runs already. */
  readonly own:
    | {
        readonly redis: OwnRedis;
        readonly crew: WorkerCrew;
        readonly outside: OutsideWorld;
        /** @throws SimulatorError if something has ended by itself */
        requireWell(): Promise<void>;
      }
    | undefined;
}
