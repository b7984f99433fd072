import { type ConsumerSettings, type ConsumerTrouble, type EventGap, warn } from './consumer-options.ts';
import { gapsOf } from './gap-watch.ts';
import { numberOf } from './stream-entry.ts';

/** Tells those who listen to a consumer. What they throw does not reach it. */
export class Listeners {
  readonly #settings: ConsumerSettings;

  constructor(settings: ConsumerSettings) {
    this.#settings = settings;
  }

  gap(gap: EventGap): void {
    tell(() => this.#settings.onGap(gap));
  }

  /** Entries that the consumer was given were trimmed before it had handled them. */
  trimmed(entryIds: readonly string[]): void {
    for (const gap of gapsOf(entryIds.flatMap((id) => numberOf(id) ?? []))) {
      this.gap(gap);
    }
  }

  trouble(error: unknown, trouble: ConsumerTrouble): void {
    tell(() => this.#settings.onError(error, trouble));
  }
}

function tell(call: () => void): void {
  try {
    call();
  } catch (error) {
    warn(`a listener of the consumer threw: ${String(error)}`);
  }
}
