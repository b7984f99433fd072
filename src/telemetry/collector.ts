/** Where a collector of OpenTelemetry is, and how it is spoken to. */
export interface CollectorOptions {
  readonly url: string | undefined;
  readonly protocol: 'http/protobuf' | 'grpc';
}

/** Whether metrics, or traces, are to be sent. */
export interface ExportOptions {
  readonly exporter: 'otlp' | 'none' | undefined;
  /** A collector of their own. */
  readonly collector: string | undefined;
}

/** Whoever names a collector wants things sent there, unless the exporter is said to be none. */
export function isExported({ exporter, collector }: ExportOptions, { url }: CollectorOptions): boolean {
  return exporter === undefined ? (collector ?? url) !== undefined : exporter === 'otlp';
}
