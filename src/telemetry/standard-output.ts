import { setTimeout as sleep } from 'node:timers/promises';
import type { DestinationStream } from 'pino';

/** What waits for a reader who sleeps: some 20,000 lines. */
const WAITING_BYTES_MAX = 4 * 1_024 * 1_024;

/** A stream that lines of a log are written to: standard output. */
export type Output = Pick<NodeJS.WriteStream, 'write' | 'on' | 'writableLength'>;

/**
 * Makes a destination for a log of which neither a reader who is slow, asleep or gone, nor a full disk, holds up or ends what is logged about. Lines are
 * written at once, or wait in memory, up to 4 MiB; what comes beyond that is dropped. It does nothing while the process exits: pino's own destination then
 * tries for ever to write to a reader who has gone.
 * @param onDropped told of so many dropped lines, as soon as the others have been read
 */
export function logDestination(output: Output, onDropped: (lines: number) => void): DestinationStream {
  let dropped = 0;
  output.on('error', tellOnce());
  output.on('drain', () => {
    if (dropped > 0) {
      const lines = dropped;
      dropped = 0;
      onDropped(lines);
    }
  });
  return {
    write(line) {
      if (output.writableLength > WAITING_BYTES_MAX) {
        dropped += 1;
      } else {
        output.write(line);
      }
    },
  };
}

/** Resolves when all has been written, when there is nobody to read it, or when the limit has passed. */
export async function allWritten(output: Output, limitMs: number | undefined): Promise<void> {
  const written = new Promise<void>((resolve) => void output.write('', () => resolve()));
  await (limitMs === undefined ? written : Promise.race([written, sleep(limitMs)]));
}

/** Says on standard error why lines are lost, once for each reason. A reader who has gone is none. */
function tellOnce(): (error: NodeJS.ErrnoException) => void {
  const told = new Set<unknown>(['EPIPE']);
  return ({ code, message }) => {
    if (!told.has(code)) {
      told.add(code);
      process.stderr.write(`The log cannot be written to standard output, lines are lost: ${message}\n`);
    }
  };
}
