export interface LineLimitOptions {
  /** So many lines of a kind in each window. */
  readonly linesMax: number;
  readonly windowMs: number;
}

interface Window {
  endsAtMs: number;
  lines: number;
  left: number;
}

/** Keeps a flood of events from becoming one of the log. */
export class LineLimit {
  readonly #options: LineLimitOptions;
  readonly #windows = new Map<string, Window>();

  constructor(options: LineLimitOptions) {
    this.#options = options;
  }

  /**
   * Asks for a line. There are as many windows as kinds, so these must be few.
   * @returns undefined if there is no room for it; otherwise how many of its kind were left out since the last one that was not
   */
  take(kind: string): number | undefined {
    const { linesMax, windowMs } = this.#options;
    const nowMs = performance.now();
    const window = this.#windows.get(kind) ?? { endsAtMs: nowMs + windowMs, lines: 0, left: 0 };
    this.#windows.set(kind, window);
    if (nowMs >= window.endsAtMs) {
      window.endsAtMs = nowMs + windowMs;
      window.lines = 0;
    }
    if (window.lines >= linesMax) {
      window.left += 1;
      return undefined;
    }
    window.lines += 1;
    const { left } = window;
    window.left = 0;
    return left;
  }
}
