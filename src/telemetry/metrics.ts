export interface MetricsOptions {
  /** Where Prometheus may read; undefined: nowhere. */
  readonly listen: { readonly host: string; readonly port: number } | undefined;
}

/** What the service tells about itself. */
export interface Metrics {
  /** Whether calls go without Redis: right, but slower. */
  setDegraded(isDegraded: boolean): void;
  /** Whether the database can be reached. */
  setDatabaseUp(isUp: boolean): void;
  /** What the protocol did with a call, by method. */
  countOutcome(outcome: string, method: string): void;
  /** An order has come to this state. */
  countOrderChange(state: string): void;
  /** An order was set aside: its processing has failed for good. */
  countSetAside(): void;
  close(): Promise<void>;
}
