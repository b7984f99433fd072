const FIRST_DELAY_MS = 1_000;
const DELAY_MS_MAX = 300_000;

/**
 * How long to wait before another try: doubled with each failure, from one second to five minutes, and between half and all of
 * that, so that orders which failed together do not come back together ("equal jitter" in "Exponential Backoff And Jitter", AWS
 * Architecture Blog, 2015).
 * @param failures how often it has failed in a row, from 1
 * @param random from 0 to 1
 */
export function backoffMs(failures: number, random: number = Math.random()): number {
  const delayMs = Math.min(FIRST_DELAY_MS * 2 ** (failures - 1), DELAY_MS_MAX);
  return Math.round(delayMs * (0.5 + random / 2));
}
