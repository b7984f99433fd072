import {
  beginSynchronizedOutput,
  cursorHide,
  cursorShow,
  cursorTo,
  endSynchronizedOutput,
  enterAlternativeScreen,
  eraseDown,
  eraseLine,
  exitAlternativeScreen,
} from 'ansi-escapes';

/** What of a terminal is needed to write on it. */
export interface TerminalOutput {
  write(text: string): unknown;
  readonly columns?: number;
  readonly rows?: number;
}

/** The screen of a terminal, lent to us: whatever was on it comes back when it is given back. */
export class Screen implements Disposable {
  readonly #output: TerminalOutput;
  #isOurs = true;

  constructor(output: TerminalOutput) {
    this.#output = output;
    output.write(enterAlternativeScreen + cursorHide);
  }

  /**
   * Shows lines, which must not be wider than the terminal, nor more than it has rows. Each row is erased before it is written: behind a line
   * that fills its row, the cursor still stands on its last character, and some terminals would erase that.
   */
  draw(lines: readonly string[]): void {
    if (this.#isOurs) {
      const rows = lines.map((line, row) => `${cursorTo(0, row)}${eraseLine}${line}`).join('');
      const rest = lines.length < (this.#output.rows ?? 0) ? `${cursorTo(0, lines.length)}${eraseDown}` : '';
      this.#output.write(`${beginSynchronizedOutput}${rows}${rest}${endSynchronizedOutput}`);
    }
  }

  /** Gives the screen back. May be repeated. */
  [Symbol.dispose](): void {
    if (this.#isOurs) {
      this.#isOurs = false;
      this.#output.write(exitAlternativeScreen + cursorShow);
    }
  }
}
