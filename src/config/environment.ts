/** What the parser reads: the environment of a process, or a stand-in for it. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** The environment of this process as it is now. The only place that reads it. */
export function readEnvironment(): Environment {
  return Object.freeze({ ...process.env });
}
