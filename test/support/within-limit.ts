/** Waits for an event, but not for ever. @throws if it does not come in time, with what it is that did not */
export async function withinLimit<T>(what: string, event: Promise<T>, limitMs: number): Promise<T> {
  const tooLate = Promise.withResolvers<never>();
  const timer = setTimeout(() => tooLate.reject(new Error(`${what}: not within ${limitMs} ms`)), limitMs);
  try {
    return await Promise.race([event, tooLate.promise]);
  } finally {
    clearTimeout(timer);
  }
}
