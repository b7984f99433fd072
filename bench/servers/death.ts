/** The key of the call in which the process is to die, as one that is killed by the kernel: its order is committed, and nobody knows. */
const deadlyKey = process.env['DIE_AFTER_COMMIT_OF'];

export function dieIfTold(key: string): void {
  if (key === deadlyKey) {
    process.kill(process.pid, 'SIGKILL');
  }
}
