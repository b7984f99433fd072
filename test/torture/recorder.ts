import type { CallEvent, DeadKeyEvent, FaultEvent, HistoryEvent } from './history.ts';

/** Writes down what happens, while it happens. */
export class Recorder {
  readonly events: HistoryEvent[] = [];
  readonly #beganAtMs = performance.now();
  calls = 0;
  faults = 0;
  /** How often calls ended how. */
  readonly endings = new Map<string, number>();

  /** Milliseconds since the run began. */
  nowMs(): number {
    return performance.now() - this.#beganAtMs;
  }

  noteCall(call: Omit<CallEvent, 'kind'>): void {
    this.calls += 1;
    this.endings.set(call.reason, (this.endings.get(call.reason) ?? 0) + 1);
    this.events.push({ kind: 'call', ...call });
  }

  noteDeadKey(dead: Omit<DeadKeyEvent, 'kind'>): void {
    this.events.push({ kind: 'deadKey', ...dead });
  }

  noteFault(fault: Omit<FaultEvent, 'kind'>): void {
    this.faults += 1;
    this.events.push({ kind: 'fault', ...fault });
  }

  note(events: Iterable<HistoryEvent>): void {
    for (const event of events) {
      this.events.push(event);
    }
  }
}
