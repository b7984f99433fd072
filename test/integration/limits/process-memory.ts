import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

const MEBIBYTE = 1_048_576;

/** The memory that a process holds now, in MiB: what the operating system would get back. */
export function residentMebibytes(processId: number): number {
  if (process.platform === 'linux') {
    const [, kibibytes] = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${processId}/status`, 'utf8')) ?? [];
    return (Number(kibibytes) * 1_024) / MEBIBYTE;
  }
  const kibibytes = execFileSync('ps', ['-o', 'rss=', '-p', String(processId)], { encoding: 'utf8' });
  return (Number(kibibytes.trim()) * 1_024) / MEBIBYTE;
}

/** Looks at the memory of a process over and over. */
export interface MemoryWatch extends Disposable {
  /** The most that it has held since. */
  readonly peakMebibytes: number;
}

export function watchMemory(processId: number): MemoryWatch {
  let peakMebibytes = residentMebibytes(processId);
  const look = () => {
    peakMebibytes = Math.max(peakMebibytes, residentMebibytes(processId));
  };
  const timer = setInterval(look, 20);
  return {
    get peakMebibytes() {
      look();
      return peakMebibytes;
    },
    [Symbol.dispose]: () => clearInterval(timer),
  };
}
