/**
 * Errors of ours whose message says all that is needed. They are faults of what was asked for, and never those of a database that is not
 * there yet, whatever has caused them.
 */
const names: ReadonlySet<string> = new Set([
  'ConfigError',
  'DatabaseEncodingError',
  'EmbeddedError',
  'EndpointError',
  'ListenError',
  'MetricsListenError',
  'PolicyError',
  'ProcessorError',
  'RebuildError',
  'SharedSessionError',
]);

export function isSelfExplanatory({ name }: Error): boolean {
  return names.has(name);
}
